// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPlugin, type Plugin } from '../../shared/adapters/plugin-program.ts';
import type { PluginProcessOptions } from '../../shared/adapters/plugin-process.ts';
import type { TestSigner } from './certificate-authority.ts';

/** What a scripted plugin does for one command; without anything it answers as it should. */
export interface Reaction {
  /** Printed instead of the answer: text as it is, anything else as JSON. */
  readonly stdout?: unknown;
  /** Members that replace those of the right answer. */
  readonly answer?: Readonly<Record<string, unknown>>;
  readonly stderr?: string;
  readonly exit?: number;
  /** Bytes printed to a stream before anything else; -1: without end. */
  readonly flood?: { readonly stream: 'stdout' | 'stderr'; readonly bytes: number };
  /** Never ends, and starts another process that does not either. */
  readonly hang?: true;
  /** Ends by this signal. */
  readonly signal?: 'SIGKILL' | 'SIGSEGV';
  /** Ends, but leaves a process behind that holds its output. */
  readonly leaves?: true;
  /** Members of the payload that an envelope is made for. */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Whether the signature is made over other bytes. */
  readonly wrongSignature?: true;
}

export interface PluginScript {
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly keySpec?: string;
  readonly signer?: TestSigner;
  readonly reactions?: Readonly<Record<string, Reaction>>;
}

/** One start of the plugin. */
export interface PluginCall {
  readonly command: string;
  readonly request: Record<string, unknown>;
  /** Standard input as it came. */
  readonly input: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
}

/** A scripted plugin in a folder of its own. */
export class ScriptedPlugin {
  readonly name: string;
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'scripted-plugin-')));
  /** Notation's plugin folder with this plugin; its parent is what `NOTATION_LIBEXEC` names. */
  readonly libexec = join(this.folder, 'libexec');
  readonly path: string;

  constructor(script: PluginScript = {}) {
    this.name = script.name ?? 'scripted';
    const home = join(this.libexec, 'plugins', this.name);
    mkdirSync(home, { recursive: true });
    this.path = join(home, `notation-${this.name}`);
    writeFileSync(this.path, this.text(script), { mode: 0o755 });
  }

  /** The whole program: it needs nothing beside it, so that it can be installed anywhere. */
  text(script: PluginScript): string {
    const { signer, ...rest } = script;
    const data = {
      ...rest,
      name: this.name,
      log: join(this.folder, 'calls'),
      ...(signer === undefined
        ? {}
        : {
            key: signer.privateKeyPem,
            chain: signer.certificateChain.map(({ der }) => Buffer.from(der).toString('base64')),
            keySpec: script.keySpec ?? signer.certificateChain[0].keySpec,
          }),
    };
    return `#!${process.execPath}\nconst script = ${JSON.stringify(data)};\n${program}`;
  }

  /** The plugin itself, without installation. */
  open(options: Partial<PluginProcessOptions> = {}): Plugin {
    return openPlugin(
      { name: this.name, path: this.path },
      { environment: { PATH: process.env['PATH'] }, directory: this.folder, ...options },
    );
  }

  /** What it was asked, in order. */
  calls(): PluginCall[] {
    const file = join(this.folder, 'calls');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as PluginCall);
  }

  /** Processes that it started and that are still there. */
  survivors(): number[] {
    const file = join(this.folder, 'children');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number).filter(isAlive);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended and whose parent does not ask is no longer there.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const program = `
const { appendFileSync, readFileSync, writeSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { spawn } = require('node:child_process');
const { constants, createPrivateKey, sign } = require('node:crypto');

const command = process.argv[2];
const input = readFileSync(0, 'utf8');
const request = JSON.parse(input || '{}');
appendFileSync(script.log, JSON.stringify({ command, request, input, environment: process.env, directory: process.cwd() }) + '\\n');
const reaction = (script.reactions || {})[command] || {};

function child(stdio) {
  const started = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio });
  appendFileSync(join(dirname(script.log), 'children'), started.pid + '\\n');
  started.unref();
}

function signature(bytes) {
  const key = createPrivateKey(script.key);
  const hash = { 'RSA-2048': 'sha256', 'RSA-3072': 'sha384', 'RSA-4096': 'sha512', 'EC-256': 'sha256', 'EC-384': 'sha384', 'EC-521': 'sha512' }[script.keySpec];
  const data = reaction.wrongSignature ? Buffer.concat([bytes, Buffer.from('x')]) : bytes;
  return key.asymmetricKeyType === 'ec'
    ? sign(hash, data, { key, dsaEncoding: 'ieee-p1363' })
    : sign(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}

function algorithm() {
  return { 'RSA-2048': 'RSASSA-PSS-SHA-256', 'RSA-3072': 'RSASSA-PSS-SHA-384', 'RSA-4096': 'RSASSA-PSS-SHA-512', 'EC-256': 'ECDSA-SHA-256', 'EC-384': 'ECDSA-SHA-384', 'EC-521': 'ECDSA-SHA-512' }[script.keySpec];
}

function jws() {
  const alg = { 'RSA-2048': 'PS256', 'RSA-3072': 'PS384', 'RSA-4096': 'PS512', 'EC-256': 'ES256', 'EC-384': 'ES384', 'EC-521': 'ES512' }[script.keySpec];
  const now = new Date(Math.floor(Date.now() / 1000) * 1000);
  const time = (date) => date.toISOString().replace('.000Z', 'Z');
  const seconds = request.expiryDurationInSeconds;
  const scheme = 'io.cncf.notary.signingScheme';
  const header = {
    alg, cty: reaction.contentType || request.payloadType, crit: seconds ? [scheme, 'io.cncf.notary.expiry'] : [scheme],
    [scheme]: 'notary.x509', 'io.cncf.notary.signingTime': time(now),
    ...(seconds ? { 'io.cncf.notary.expiry': time(new Date(now.getTime() + seconds * 1000)) } : {}),
  };
  const payload = JSON.parse(Buffer.from(request.payload, 'base64').toString());
  const changed = reaction.payload ? merge(payload, reaction.payload) : payload;
  const b64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const parts = { payload: b64(changed), protected: b64(header) };
  return JSON.stringify({ ...parts, header: { x5c: script.chain }, signature: signature(Buffer.from(parts.protected + '.' + parts.payload)).toString('base64url') });
}

function merge(to, from) {
  const result = { ...to };
  for (const [key, value] of Object.entries(from)) {
    result[key] = value && typeof value === 'object' && !Array.isArray(value) ? merge(to[key] || {}, value) : value;
  }
  return result;
}

function answer() {
  switch (command) {
    case 'get-plugin-metadata':
      return { name: script.name, description: 'a scripted plugin', version: '1.2.3', url: 'https://example.com', supportedContractVersions: ['1.0'], capabilities: ['SIGNATURE_GENERATOR.RAW'], ...script.metadata };
    case 'describe-key':
      return { keyId: request.keyId, keySpec: script.keySpec };
    case 'generate-signature':
      return { keyId: request.keyId, signature: signature(Buffer.from(request.payload, 'base64')).toString('base64'), signingAlgorithm: algorithm(), certificateChain: script.chain };
    case 'generate-envelope':
      return { signatureEnvelope: Buffer.from(jws()).toString('base64'), signatureEnvelopeType: request.signatureEnvelopeType };
    case 'verify-signature': {
      const asked = request.trustPolicy.signatureVerification;
      return { verificationResults: Object.fromEntries(asked.map((name) => [name, { success: true }])), processedAttributes: request.signature.unprocessedAttributes || [] };
    }
  }
}

function write(stream, bytes) {
  const block = Buffer.alloc(1 << 16, 0x78);
  for (let left = bytes; left !== 0; left = left < 0 ? left : Math.max(0, left - block.length)) {
    try { writeSync(stream, left < 0 ? block : block.subarray(0, Math.min(left, block.length))); } catch (error) { if (error.code !== 'EAGAIN') throw error; }
  }
}

if (reaction.flood) write(reaction.flood.stream === 'stdout' ? 1 : 2, reaction.flood.bytes);
if (reaction.stderr !== undefined) process.stderr.write(reaction.stderr);
if (reaction.signal) process.kill(process.pid, reaction.signal);
if (reaction.hang) { child('ignore'); setInterval(() => {}, 1000); }
else {
  if (reaction.leaves) child(['ignore', 'inherit', 'ignore']);
  const { stdout } = reaction;
  if (stdout !== undefined) process.stdout.write(typeof stdout === 'string' ? stdout : JSON.stringify(stdout));
  else if (!reaction.exit && !reaction.signal) process.stdout.write(JSON.stringify({ ...answer(), ...reaction.answer }));
  process.exitCode = reaction.exit || 0;
}
`;
