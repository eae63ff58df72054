module notation-pipelines/peers/plugin

go 1.25.0

require github.com/notaryproject/notation-plugin-framework-go v1.0.0
