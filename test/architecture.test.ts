// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Domain folders in the order in which they may know each other. */
const domain = ['x509', 'oci', 'envelope', 'timestamp', 'revocation', 'trust', 'plugin', 'validation'] as const;
const useCases = [
  ...['artifact', 'sign', 'sign-envelope', 'verify', 'verify-signature', 'verify-timestamp', 'verify-with-plugin'],
  ...['copy', 'copy-graph', 'copy-ports', 'concurrently', 'sign-once'],
  ...['inspect', 'detected', 'moved-tags', 'ports', 'remembered-trust-store'],
  ...['signing', 'existing-signature', 'sign-blob', 'verify-blob', 'verify-outcome'],
];

type Domain = (typeof domain)[number];
type Layer = 'errors' | 'primitives' | Domain | 'use-case' | 'report' | 'adapters' | 'assembly' | 'host';

function isDomain(name: string): name is Domain {
  return domain.some((folder) => folder === name);
}

function layerOf(file: string): Layer {
  const [top = '', second = ''] = file.split('/');
  if (top === 'actions' || top === 'ado-task') return 'host';
  if (file === 'shared/errors.ts') return 'errors';
  if (second === 'primitives' || second === 'adapters' || second === 'report' || isDomain(second)) return second;
  return useCases.includes(second.replace(/\.ts$/, '')) ? 'use-case' : 'assembly';
}

/** Files that hold only types or tables and are shared below their folder's place in the order. */
const sharedTypes = ['shared/envelope/algorithm.ts', 'shared/x509/certificate.ts'];

function mayImport(from: string, to: string): boolean {
  const [source, target] = [layerOf(from), layerOf(to)];
  if (target === 'errors' || (target === source && target !== 'host')) return true;
  switch (source) {
    case 'errors':
      return false;
    case 'primitives':
      return sharedTypes.includes(to);
    case 'use-case':
      return target === 'primitives' || isDomain(target);
    case 'adapters':
      return target === 'primitives' || isDomain(target) || to === 'shared/ports.ts' || to === 'shared/copy-ports.ts';
    case 'report':
      // Types of use cases are what a report tells.
      return target === 'primitives' || isDomain(target) || target === 'use-case';
    case 'assembly':
      return target !== 'host';
    case 'host':
      return to === 'shared/index.ts' || dirname(to).startsWith(from.split('/')[0] ?? '');
    default:
      if (target === 'primitives' || sharedTypes.includes(to)) return true;
      return isDomain(target) && domain.indexOf(target) < domain.indexOf(source);
  }
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name).replaceAll('\\', '/'));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const matches = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g);
  return [...matches].map(([, specifier = '']) => specifier);
}

const files = ['shared', 'actions', 'ado-task'].flatMap(sources);
const effects = /^node:(?:fs|net|http|https|http2|tls|dns|child_process|os|process|worker_threads)\b|^undici$/;
const hostLibraries = /^@actions\/|^azure-pipelines-task-lib/;
/** Layers that read and write ASN.1 or CBOR. */
const encoders: readonly Layer[] = ['primitives', 'x509', 'timestamp', 'revocation'];
const encodings = /^(?:pkijs|asn1js|pvutils|pvtsutils|cbor-x)(?:\/|$)/;

describe('layers', () => {
  it.each(files)('%s imports only what its layer may', (file) => {
    for (const specifier of importsOf(file).filter((name) => name.startsWith('.'))) {
      const target = relative(root, join(root, dirname(file), specifier)).replaceAll('\\', '/');
      if (!target.endsWith('.ts')) continue;
      expect(mayImport(file, target), `${file} imports ${target}`).toBe(true);
    }
  });

  it.each(files)('%s has only the effects of its layer', (file) => {
    const layer = layerOf(file);
    const pure = layer !== 'adapters' && layer !== 'assembly' && layer !== 'host';
    for (const specifier of importsOf(file)) {
      if (pure) expect(specifier).not.toMatch(effects);
      if (layer !== 'host') expect(specifier).not.toMatch(hostLibraries);
      if (!encoders.includes(layer)) expect(specifier).not.toMatch(encodings);
    }
    if (pure) expect(readFileSync(join(root, file), 'utf8')).not.toMatch(/\bprocess\.env\b|\bDate\.now\(|new Date\(\)/);
  });
});
