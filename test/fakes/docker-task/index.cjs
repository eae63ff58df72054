// SPDX-License-Identifier: Apache-2.0
// What the push command of Docker@2 leaves for later steps (ADO 2.1 to 2.4): the output of every push in task_outputs, and
// RESOURCE_URIS, set once per tag after docker history and inspect, which is after task.complete.
'use strict';
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** @type {{ repository: string, tags: string[], digest: string }[]} */
const pushes = JSON.parse(process.env.INPUT_PUSHES);
const quiet = process.env.INPUT_QUIET === 'true';

function command(name, properties, data) {
  const escaped = data.replaceAll('%', '%AZP25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  process.stdout.write(`##vso[${name} ${properties}]${escaped}\n`);
}

function transcript(repository, tag, digest) {
  if (quiet) return `${repository}:${tag}\n`;
  const layers = '5f70bf18a086: Preparing\n5f70bf18a086: Pushed\n';
  return `The push refers to repository [${repository}]\n${layers}${tag}: digest: ${digest} size: 1573\n`;
}

/** At most registry, one namespace, repository; a name with more components gives nothing. */
function resourceName(image, digest) {
  const match = /^(?:([^/]+)\/)?(?:([^/]+)\/)?([^@:/]+)(?:[@:](.+))?$/.exec(image);
  if (match === null) return '';
  let [, registry, namespace, repository] = match;
  if (registry === undefined) [registry, namespace] = ['docker.io', 'library'];
  else if (namespace === undefined && !/[.:]/.test(registry)) [registry, namespace] = ['docker.io', registry];
  return `https://${[registry, namespace, repository].filter(Boolean).join('/')}@sha256:${digest}`;
}

let output = '';
const uris = [];
const later = [];
for (const { repository, tags, digest } of pushes) {
  for (const tag of tags) {
    const text = transcript(repository, tag, digest);
    process.stdout.write(text);
    output += text;
    const pushed = /sha256:(\w+)(\s+)size:\s(\w+)/.exec(text)?.[1] ?? '';
    later.push(() => {
      const uri = resourceName(`${repository}:${tag}`, pushed);
      if (!uris.includes(uri)) uris.push(uri);
      command('task.setvariable', 'variable=RESOURCE_URIS;', uris.join(','));
    });
  }
}
const folder = join(process.env.AGENT_TEMPDIRECTORY, 'task_outputs');
mkdirSync(folder, { recursive: true });
const file = join(folder, `push_${Date.now()}.txt`);
writeFileSync(file, output);
command('task.setvariable', 'variable=DockerOutput;', file);
command('task.complete', 'result=Succeeded;', 'done');
setTimeout(() => {
  for (const set of later) set();
}, 20);
