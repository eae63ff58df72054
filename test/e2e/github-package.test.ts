// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { actions, manifestPath } from '../../scripts/action-manifests.ts';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { startJob } from '../support/github-runner.ts';
import type { GitHubJob } from '../support/github-runner.ts';
import { createSigner, keyInputs, writeTrust } from '../support/github-trust.ts';
import { pushImage } from '../support/push-image.ts';

const root = join(import.meta.dirname, '..', '..');

/** Folders that the runner keeps actions in, by how a workflow names them; each has a copy of what is downloaded. */
const base = mkdtempSync(join(tmpdir(), 'runner with spaces-'));
const places: Readonly<Record<string, string>> = {
  'by tag': join(base, '_actions', 'owner', 'notation-pipelines', 'v1'),
  'by commit': join(base, '_actions', 'owner', 'notation-pipelines', '0123456789abcdef0123456789abcdef01234567'),
  'as ./ in the workspace': join(base, 'app', 'app'),
};

let registry: EmbeddedRegistry;
let job: GitHubJob;
beforeAll(async () => {
  for (const place of Object.values(places)) {
    cpSync(join(root, 'dist', 'action'), join(place, 'dist', 'action'), { recursive: true });
    for (const action of actions) cpSync(join(root, manifestPath(action)), join(place, manifestPath(action)));
  }
  registry = await startRegistry();
});
afterAll(async () => {
  rmSync(base, { recursive: true });
  await registry.close();
});
beforeEach(async () => {
  job = await startJob();
});
afterEach(async () => {
  await job.dispose();
});

/** Every module that a file of the bundle names, however it loads it. */
function modulesOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const patterns = [
    /(?:\bfrom|\bimport)\s*["'`]([\w@./:-]+)["'`]/g,
    /\b(?:import|require|__require)\(\s*["'`]([\w@./:-]+)["'`]\s*\)/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name));
}

describe('the package', () => {
  it.each(Object.entries(places))(
    '[GH-99] [GH-102] signs and verifies when used %s, without node_modules',
    async (_, place) => {
      const { root: authority, signer } = createSigner();
      const image = await pushImage(registry.host, 'package/app');
      const target = { target_artifact_reference: image.reference };
      const main = (command: string): string => join(place, 'actions', command, '../../dist/action', `${command}.js`);
      const signed = await job.step({
        action: 'actions/sign',
        main: main('sign'),
        with: { ...keyInputs(signer), ...target },
      });
      expect(signed).toMatchObject({ exitCode: 0, errors: [] });
      await writeTrust(job, [authority]);
      const verified = await job.step({ action: 'actions/verify', main: main('verify'), with: target });
      expect(verified).toMatchObject({ exitCode: 0, errors: [], outputs: { verified: 'true' } });
    },
  );

  it('[GH-99] works in a composite action and a reusable workflow: inputs that are not given are empty texts', async () => {
    const { signer } = createSigner();
    const image = await pushImage(registry.host, 'composite/app');
    // A wrapper passes every input on, so that those its caller leaves out arrive as empty expressions.
    const empty = [
      'signature_format',
      'signature_manifest',
      'force_referrers_tag',
      'allow_referrers_api',
      'expiry',
      'detect',
      'show_summary',
    ];
    const result = await job.step({
      action: 'actions/sign',
      with: {
        ...Object.fromEntries(empty.map((name) => [name, ''])),
        ...keyInputs(signer),
        target_artifact_reference: image.reference,
      },
      env: {
        GITHUB_ACTION: '__owner_wrapper',
        GITHUB_ACTION_REPOSITORY: '',
        GITHUB_ACTION_REF: '',
        GITHUB_ACTION_PATH: join(base, 'wrapper'),
      },
    });
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
  });

  it('[GH-102] loads nothing but its own files and modules of Node', () => {
    const folder = join(root, 'dist', 'action');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    expect(files.length).toBeGreaterThan(actions.length);
    const foreign = new Set<string>();
    for (const file of files) {
      for (const name of modulesOf(join(folder, file))) {
        const own = name.startsWith('.') && files.includes(join(dirname(file), name));
        if (!own && !isBuiltin(name)) foreign.add(name);
      }
    }
    // cbor-x and debug do without the first two; the last is named in a sentence of an error message.
    const harmless = ['cbor-extract', 'supports-color', '@azure/identity'];
    expect([...foreign].filter((name) => !harmless.includes(name))).toEqual([]);
    expect(readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.node'))).toEqual(
      [],
    );
  });

  it('[GH-102] loads the installer and its HTTP client only for setup', () => {
    const entry = join(root, 'dist', 'action', 'sign.js');
    const loaded = new Set<string>();
    const load = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      const text = readFileSync(file, 'utf8');
      for (const [, name = ''] of text.matchAll(/(?:\bfrom|\bimport)\s*["'`](\.[^"'`]+)["'`]/g))
        load(join(dirname(file), name));
    };
    load(entry);
    const text = [...loaded].map((file) => readFileSync(file, 'utf8')).join('\n');
    expect(loaded.size).toBeGreaterThan(1);
    expect(text).not.toContain('actions/tool-cache');
    expect(text).not.toContain('httpOverHttp');
  });
});
