// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inputTable } from '../../shared/inputs.ts';
import type { InputName, InputRow } from '../../shared/inputs.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { AgentJob, packagedTask } from '../support/azure-agent.ts';
import { startJob } from '../support/github-runner.ts';
import { pushImage } from '../support/push-image.ts';

const authority = createCertificateAuthority({ name: 'Acme' });
const signer = authority.issue();
const stranger = createCertificateAuthority({ name: 'Stranger' }).issue();
const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

let registry: EmbeddedRegistry;
let locked: EmbeddedRegistry;
let app = '';
let lockedApp = '';

beforeAll(async () => {
  registry = await startRegistry();
  locked = await startRegistry({ auth: { kind: 'basic', users: [{ name: 'alice', password: 'pass-word-1' }] } });
  app = (await pushImage(registry.host, 'team/app', { tag: '1.0' })).reference;
  const job = await startJob();
  const { errors } = await job.step({ action: 'actions/sign', with: named('github', { ...key, artifacts: app }) });
  expect(errors).toEqual([]);
  await job.dispose();
  lockedApp = `${locked.host}/team/app@sha256:${'0'.repeat(64)}`;
});
afterAll(async () => {
  await registry.close();
  await locked.close();
});

type Inputs = Partial<Record<InputName, string>>;

interface Case {
  readonly title: string;
  readonly command: 'sign' | 'verify';
  readonly inputs: () => Inputs;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: () => Readonly<Record<string, string>>;
  /** What the one message contains; inputs written as the host's users type them. */
  readonly message: (name: (input: InputName) => string) => readonly string[];
}

const key: Inputs = { privateKey: signer.privateKeyPem, certificateChain: signer.chainPem };
const policy = (text: string) => ({ 'policy.json': text, 'store/x509/ca/acme/root.crt': authority.root.pem });
const goodPolicy = JSON.stringify({
  version: '1.0',
  trustPolicies: [
    {
      name: 'all',
      registryScopes: ['*'],
      signatureVerification: { level: 'strict' },
      trustStores: ['ca:acme'],
      trustedIdentities: ['*'],
    },
  ],
});
const trust: Inputs = { trustPolicy: 'policy.json', trustStore: 'store' };

const cases: readonly Case[] = [
  {
    title: 'a missing reference',
    command: 'sign',
    inputs: () => key,
    message: (name) => [
      `input ${name('artifacts')} is required`,
      'nothing was found that this job has pushed',
      'Looked at',
    ],
  },
  {
    title: 'a bad digest',
    command: 'sign',
    inputs: () => ({ ...key, artifacts: `${registry.host}/team/app@sha256:abc` }),
    message: () => ['invalid digest', '"sha256:abc"', '64 lower-case hexadecimal digits'],
  },
  {
    title: 'an unknown registry host',
    command: 'sign',
    inputs: () => ({ ...key, artifacts: `registry.invalid/team/app@sha256:${'0'.repeat(64)}` }),
    message: () => ['registry.invalid', 'Check'],
  },
  {
    title: 'missing credentials',
    command: 'verify',
    inputs: () => ({ ...trust, artifacts: lockedApp }),
    files: policy(goodPolicy),
    message: () => [locked.host, 'team/app', 'docker login'],
  },
  {
    title: 'refused credentials',
    command: 'verify',
    inputs: () => ({ ...trust, artifacts: lockedApp }),
    files: {
      ...policy(goodPolicy),
      // Written when the port is known.
      'docker/config.json': '',
    },
    env: () => ({ DOCKER_CONFIG: 'docker' }),
    message: () => [`${locked.host} refused the credentials from`, 'config.json', 'log in again'],
  },
  {
    title: 'a missing policy',
    command: 'verify',
    inputs: () => ({ ...trust, artifacts: app }),
    message: (name) => ['trust policy is not present', 'policy.json', name('trustPolicy')],
  },
  {
    title: 'a policy that is not JSON',
    command: 'verify',
    inputs: () => ({ ...trust, artifacts: app }),
    files: policy('{\n  "version": "1.0",\n  "trustPolicies": [\n}'),
    message: () => ['malformed trust policy', 'policy.json: invalid character', 'line 4, column 1'],
  },
  {
    title: 'a trust store that is not there',
    command: 'verify',
    inputs: () => ({ ...trust, artifacts: app }),
    files: { 'policy.json': goodPolicy, 'store/x509/ca/other/root.crt': authority.root.pem },
    message: (name) => ['the trust store "acme" of type "ca" does not exist', name('trustStore')],
  },
  {
    title: 'an unreadable key',
    command: 'sign',
    inputs: () => ({
      ...key,
      artifacts: app,
      privateKey: '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----',
    }),
    message: (name) => [name('privateKey')],
  },
  {
    title: 'a key file that does not exist',
    command: 'sign',
    inputs: () => ({ ...key, artifacts: app, privateKey: 'keys/missing.pem' }),
    message: (name) => [name('privateKey'), '"keys/missing.pem"', 'there is no such file'],
  },
  {
    title: 'a key that does not match the certificate',
    command: 'sign',
    inputs: () => ({ ...key, artifacts: app, privateKey: stranger.privateKeyPem }),
    message: (name) => [name('privateKey'), `belongs to no certificate of ${name('certificateChain')}`],
  },
  {
    title: 'an unsupported key type',
    command: 'sign',
    inputs: () => ({ ...key, artifacts: app, privateKey: ed25519 }),
    message: (name) => [name('privateKey'), 'type ed25519', 'RSA key of 2048, 3072 or 4096 bits'],
  },
  {
    title: 'a timestamp authority without its root',
    command: 'sign',
    inputs: () => ({ ...key, artifacts: app, timestampUrl: 'http://localhost:1/tsa' }),
    message: (name) => [`${name('timestampUrl')} is set, missing input ${name('timestampRootCert')}`],
  },
  {
    title: 'several mistakes, all told at once',
    command: 'sign',
    inputs: () => ({ artifacts: 'Not A Reference', signatureFormat: 'pkcs7', expiry: 'tomorrow' }),
    message: (name) => [
      '4 inputs are wrong',
      `${name('signatureFormat')} must be one of`,
      `${name('expiry')} is "tomorrow"`,
      'Not A Reference',
      `${name('privateKey')} is not given`,
    ],
  },
];

const dockerConfig = (): string =>
  JSON.stringify({ auths: { [locked.host]: { auth: Buffer.from('alice:wrong').toString('base64') } } });

/** Inputs by the names that a host has for them. */
function named(product: 'github' | 'azure', inputs: Inputs): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([input, value]) => {
      const name = (inputTable[input as InputName] as InputRow)[product];
      return name === undefined ? [] : [[name, value]];
    }),
  );
}

function expectOneMessage(errors: readonly string[], product: 'github' | 'azure', { message }: Case): void {
  const name = (input: InputName): string => (inputTable[input] as InputRow)[product] ?? input;
  expect(errors).toHaveLength(1);
  for (const part of message(name)) expect(errors[0]).toContain(part);
  expect(errors[0]).not.toMatch(/\{input:|\bat .*\.js:\d+|undefined|internal error/);
}

describe('one message that names the input, the value and the way out', () => {
  it.each(cases)('GitHub Actions: $title', async (given) => {
    const job = await startJob();
    try {
      for (const [path, text] of Object.entries(given.files ?? {})) {
        await job.writeWorkspaceFile(path, path === 'docker/config.json' ? dockerConfig() : text);
      }
      const env = given.env === undefined ? {} : { DOCKER_CONFIG: join(job.workspace, 'docker') };
      const step = await job.step({ action: `actions/${given.command}`, with: named('github', given.inputs()), env });
      expect(step.exitCode).toBe(1);
      expectOneMessage(step.errors, 'github', given);
    } finally {
      await job.dispose();
    }
  });

  it.each(cases)('Azure Pipelines: $title', async (given) => {
    const variables: Record<string, string> = {};
    const job = new AgentJob({ variables });
    try {
      for (const [path, text] of Object.entries(given.files ?? {})) {
        const target = join(job.sources, path);
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, path === 'docker/config.json' ? dockerConfig() : text);
      }
      if (given.env !== undefined) {
        job.print([`##vso[task.setvariable variable=DOCKER_CONFIG]${join(job.sources, 'docker')}`]);
      }
      const inputs = { command: given.command, ...named('azure', given.inputs()) };
      const step = await job.run({ task: packagedTask, inputs });
      expect(step.result).toBe('Failed');
      expect(step.exitCode).toBe(0);
      expectOneMessage(step.errors, 'azure', given);
    } finally {
      job.dispose();
    }
  });
});
