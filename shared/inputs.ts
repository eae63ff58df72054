// SPDX-License-Identifier: Apache-2.0

/** What a step does. `setup` is called `install` in Azure Pipelines. */
export type CommandName = 'setup' | 'sign' | 'verify' | 'inspect';

/** One input of either host. A test compares manifests and README with this table. */
export interface InputRow {
  /** Name in action.yml; absent: the GitHub Action does not have it. */
  readonly github?: string;
  /** Name in task.json; absent: the Azure Pipelines task does not have it. */
  readonly azure?: string;
  readonly commands: readonly CommandName[];
  /** Default per host, as it stands in the manifest. */
  readonly default?: { readonly github?: string; readonly azure?: string };
  /** One sentence for manifests and README. */
  readonly description: string;
  /** What the GitHub runner tells whoever still uses it. */
  readonly deprecation?: string;
}

const sign = ['sign'] as const;
const verify = ['verify'] as const;
const setup = ['setup'] as const;
const all = ['sign', 'verify', 'inspect'] as const;

/** Every input of both hosts. */
export const inputTable = {
  artifacts: {
    github: 'target_artifact_reference',
    azure: 'artifactRefs',
    commands: all,
    description:
      'Artifacts by digest or tag, one a line (Azure Pipelines: also separated by commas); oci-layout:<path>, with :tag or @digest behind it, for an OCI image layout on disk, folder or tar file. Without it, sign takes what this job has pushed.',
  },
  imageMetadata: {
    github: 'image_metadata',
    commands: sign,
    description:
      'The metadata output of docker/build-push-action or docker/bake-action, as JSON text or path of a file.',
  },
  digest: { github: 'digest', commands: sign, description: 'Digest of the artifact, together with repository.' },
  repository: {
    github: 'repository',
    commands: sign,
    description: 'Repositories that hold digest, one a line, such as ghcr.io/owner/app.',
  },
  detect: {
    github: 'detect',
    commands: sign,
    default: { github: 'auto' },
    description:
      'Finding what this job pushed: auto, off, or a list of the channels artifacts-list and step-outputs; push-by-digest adds images without a tag.',
  },
  detectInclude: {
    github: 'detect_include',
    commands: sign,
    description: 'Globs over registry/repository that limit what is detected, one a line.',
  },
  privateKey: {
    github: 'private_key',
    azure: 'privateKey',
    commands: sign,
    description:
      'Private key as PEM text (from a secret) or path of a PEM file; or a PKCS#12 file, its path or its base64.',
  },
  privateKeyPassword: {
    github: 'private_key_password',
    azure: 'privateKeyPassword',
    commands: sign,
    description: 'Password of an encrypted private key or PKCS#12 file.',
  },
  certificateChain: {
    github: 'certificate_chain',
    azure: 'certificateChain',
    commands: sign,
    description:
      'Certificate chain of the private key, leaf to root in any order, as PEM text or path of a PEM file; not needed when it stands beside the key.',
  },
  keyName: {
    github: 'key_name',
    azure: 'keyName',
    commands: sign,
    description:
      "Name of a key in this machine's Notation key list (notation key ls), for self-hosted runners; default for its default key.",
  },
  pluginName: {
    github: 'plugin_name',
    azure: 'plugin',
    commands: ['sign', 'verify'],
    default: { azure: 'azureKeyVault' },
    description:
      'Name of the Notation plugin that signs, or that signatures name (Azure Pipelines: localKey, azureKeyVault, azureArtifactSigning, notationPlugin or namedKey).',
  },
  notationPlugin: {
    azure: 'notationPlugin',
    commands: ['sign', 'verify'],
    description: 'Name of the Notation plugin, without notation- before it; to sign, with plugin: notationPlugin.',
  },
  pluginUrl: {
    github: 'plugin_url',
    azure: 'pluginUrl',
    commands: ['sign', 'verify'],
    description: 'Where the plugin is downloaded from: a .tar.gz or .zip archive, or the executable file itself.',
  },
  pluginChecksum: {
    github: 'plugin_checksum',
    azure: 'pluginChecksum',
    commands: ['sign', 'verify'],
    description: 'SHA-256 in hex of the plugin download, or of the executable file of an installed plugin.',
  },
  trustInstalledPlugin: {
    github: 'trust_installed_plugin',
    azure: 'trustInstalledPlugin',
    commands: ['sign', 'verify'],
    default: { github: 'false', azure: 'false' },
    description: "Whether plugins in Notation's plugin folder are run whatever their hash.",
  },
  builtinProviders: {
    github: 'builtin_providers',
    commands: sign,
    default: { github: 'true' },
    description:
      'false runs the plugin itself where this action has the key provider built in (azure-kv, azure-artifactsigning).',
  },
  pluginConfig: {
    github: 'plugin_config',
    azure: 'pluginConfig',
    commands: ['sign', 'verify'],
    description: 'Configuration of the plugin, key=value, one a line.',
  },
  pluginKeyId: {
    azure: 'pluginKeyId',
    commands: sign,
    description: 'Key identifier for the Notation plugin.',
  },
  keyId: { github: 'key_id', azure: 'keyid', commands: sign, description: 'Key identifier for the plugin.' },
  akvPluginVersion: {
    azure: 'akvPluginVersion',
    commands: sign,
    default: { azure: '1.2.1' },
    description: 'Accepted for compatibility with Notation@0; no plugin is downloaded.',
  },
  azureServiceConnection: {
    azure: 'azurekvServiceConection',
    commands: sign,
    description: 'Azure Resource Manager service connection for Azure Key Vault or Azure Artifact Signing.',
  },
  caCertBundle: {
    azure: 'caCertBundle',
    commands: sign,
    description: 'Path of a PEM file with the CA certificates of a Key Vault certificate.',
  },
  selfSigned: {
    azure: 'selfSigned',
    commands: sign,
    default: { azure: 'false' },
    description: 'Whether the Key Vault certificate is self-signed.',
  },
  artifactSigningEndpoint: {
    azure: 'artifactSigningEndpoint',
    commands: sign,
    description:
      'Endpoint of the Azure Artifact Signing account, such as https://weu.codesigning.azure.net (GitHub: baseUrl in plugin_config).',
  },
  artifactSigningAccount: {
    azure: 'artifactSigningAccount',
    commands: sign,
    description: 'Name of the Azure Artifact Signing account (GitHub: accountName in plugin_config).',
  },
  artifactSigningProfile: {
    azure: 'artifactSigningProfile',
    commands: sign,
    description: 'Name of the certificate profile (GitHub: certProfile in plugin_config).',
  },
  signatureFormat: {
    github: 'signature_format',
    azure: 'signatureFormat',
    commands: sign,
    default: { github: 'jws', azure: 'cose' },
    description: 'Signature envelope: jws or cose.',
  },
  signatureManifest: {
    github: 'signature_manifest',
    azure: 'signatureManifest',
    commands: sign,
    default: { github: 'config-media-type', azure: 'config-media-type' },
    description:
      'Form of the signature manifest: config-media-type as Notation 1.x writes it, or artifact-type as Notation 2 does.',
  },
  forceReferrersTag: {
    github: 'force_referrers_tag',
    commands: sign,
    description:
      'true (as without it): list signatures under the referrers tag; false: use the Referrers API where the registry has it.',
  },
  allowReferrersApi: {
    github: 'allow_referrers_api',
    azure: 'allowReferrersAPI',
    commands: ['sign', 'verify'],
    default: { github: 'false', azure: 'false' },
    description:
      'Sign through the Referrers API where the registry has it. On GitHub deprecated: force_referrers_tag: false.',
    deprecation: 'Use force_referrers_tag: false to sign; verify always asks the Referrers API first.',
  },
  userMetadata: {
    github: 'user_metadata',
    azure: 'userMetadata',
    commands: ['sign', 'verify'],
    description: 'User metadata, key=value, one a line: signed with the artifact, or required when verifying.',
  },
  expiry: {
    github: 'expiry',
    azure: 'expiry',
    commands: sign,
    description: 'How long the signature is valid, such as 24h or 30m; without it, it does not expire.',
  },
  onExisting: {
    github: 'on_existing',
    azure: 'onExisting',
    commands: sign,
    default: { github: 'add', azure: 'add' },
    description:
      'add: make a signature whatever is there; skip: make none where one that verifies, of the same certificates, format, user metadata and expiry, is there and is not near its end.',
  },
  timestampUrl: {
    github: 'timestamp_url',
    azure: 'timestampURL',
    commands: sign,
    description:
      'RFC 3161 timestamp authorities, one a line, tried in order; together with timestamp_root_cert (timestampRootCert). With Azure Artifact Signing by default its own authority.',
  },
  timestampRootCert: {
    github: 'timestamp_root_cert',
    azure: 'timestampRootCert',
    commands: sign,
    description: 'Root certificate of the timestamp authority, as PEM text or path of a PEM or DER file.',
  },
  trustPolicy: {
    github: 'trust_policy',
    azure: 'trustPolicy',
    commands: verify,
    description:
      'Path of the trust policy; without it .github/trustpolicy/trustpolicy.json (Azure Pipelines: .pipeline/trustpolicy/trustpolicy.json or .pipeline/trustpolicy.json).',
  },
  trustStore: {
    github: 'trust_store',
    azure: 'trustStore',
    commands: verify,
    description:
      'Folder that contains x509/<type>/<store>/; without it .github/truststore (Azure Pipelines: .pipeline/truststore).',
  },
  ociLayoutScope: {
    github: 'oci_layout_scope',
    azure: 'ociLayoutScope',
    commands: verify,
    description:
      'Registry scope by which the trust policy is asked about artifacts in OCI image layouts; without it local/<name of the folder or tar file>.',
  },
  blobs: {
    github: 'blobs',
    azure: 'blobs',
    commands: ['sign', 'verify'],
    description:
      'Files that have signature files of their own: paths and globs, one a line; the signature of app.zip is app.zip.jws.sig or app.zip.cose.sig.',
  },
  blobSignatureDirectory: {
    github: 'blob_signature_directory',
    azure: 'blobSignatureDirectory',
    commands: ['sign', 'verify'],
    description: 'Folder of the signature files; without it they are beside the files of blobs.',
  },
  blobMediaType: {
    github: 'blob_media_type',
    azure: 'blobMediaType',
    commands: ['sign', 'verify'],
    description:
      'Media type of the files of blobs: signed with them (without it application/octet-stream), or required when verifying.',
  },
  blobPolicyName: {
    github: 'blob_policy_name',
    azure: 'blobPolicyName',
    commands: verify,
    description: 'Statement of the blob trust policy to verify blobs by; without it the one with globalPolicy: true.',
  },
  blobTrustPolicy: {
    github: 'blob_trust_policy',
    azure: 'blobTrustPolicy',
    commands: verify,
    description:
      'Path of the trust policy of blobs; without it trustpolicy.blob.json in the folder of the trust policy.',
  },
  strictness: {
    github: 'strictness',
    azure: 'strictness',
    commands: verify,
    default: { github: 'reference', azure: 'reference' },
    description:
      'reference: accept what Notation accepts; strict: also refuse what Notation lets pass against the specification.',
  },
  maxSignatures: {
    github: 'max_signatures',
    azure: 'maxSignatures',
    commands: ['verify', 'inspect'],
    default: { github: '100', azure: '100' },
    description: 'Signatures of an artifact that are looked at before giving up, from 1 to 10000.',
  },
  expiryWarningDays: {
    github: 'expiry_warning_days',
    azure: 'expiryWarningDays',
    commands: verify,
    default: { github: '30', azure: '30' },
    description:
      'Days before its end that a certificate (of the signer, a CA, the timestamp authority or the trust store), and with it a signature without timestamp, is warned about; 0 warns about none.',
  },
  insecureRegistries: {
    github: 'insecure_registries',
    azure: 'insecureRegistries',
    commands: all,
    description: 'Registries (host or host:port, one a line) spoken to over plain HTTP; localhost:<port> always is.',
  },
  registryUsername: {
    github: 'registry_username',
    azure: 'registryUsername',
    commands: all,
    description:
      'User name for the registry of the artifacts; without it docker login, its credential helpers and the like are used.',
  },
  registryPassword: {
    github: 'registry_password',
    azure: 'registryPassword',
    commands: all,
    description: 'Password for the registry (from a secret); without a user name an identity token.',
  },
  githubToken: {
    github: 'github_token',
    commands: all,
    default: { github: '${{ github.token }}' },
    description: 'Token of the job, used for ghcr.io when there is no other login.',
  },
  referrersSettle: {
    github: 'referrers_settle',
    azure: 'referrersSettle',
    commands: ['sign', 'verify'],
    description:
      'Milliseconds to watch the list of signatures after writing it, instead of what suits the registry; 0 when nobody else signs the artifact.',
  },
  copyTo: {
    github: 'copy_to',
    azure: 'copyTo',
    commands: ['sign', 'verify'],
    description:
      'Where the artifacts are copied to with all their signatures and other referrers, once they are signed or verified: repositories, one a line, with or without tag; registry/* for repositories of the same name; oci-layout:<folder>.',
  },
  showSummary: {
    github: 'show_summary',
    commands: all,
    default: { github: 'true' },
    description: 'Whether the job summary is written.',
  },
  version: {
    github: 'version',
    azure: 'version',
    commands: setup,
    default: { github: '1.3.2', azure: '1.3.2' },
    description: 'Release of the Notation CLI to install.',
  },
  url: {
    github: 'url',
    azure: 'url',
    commands: setup,
    description: 'Archive of another build of the Notation CLI.',
  },
  checksum: {
    github: 'checksum',
    azure: 'checksum',
    commands: setup,
    description: 'SHA-256 of that archive, in hex.',
  },
  isCustomVersion: {
    azure: 'isCustomVersion',
    commands: setup,
    default: { azure: 'false' },
    description: 'Whether the Notation CLI is installed from url.',
  },
  installCli: {
    azure: 'installCli',
    commands: setup,
    default: { azure: 'false' },
    description: 'Whether install puts the Notation CLI on the PATH of later steps; this task itself needs none.',
  },
} as const satisfies Record<string, InputRow>;

export type InputName = keyof typeof inputTable;
