// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTrustPolicy } from '../shared/trust/policy.ts';
import {
  codeBlocks,
  documentedSteps,
  expectKnownActions,
  expectKnownTasks,
  ownActions,
  ownTasks,
} from './support/documented-steps.ts';

const folder = join(import.meta.dirname, '..', 'docs', 'guides');
const names = readdirSync(folder).filter((name) => name.endsWith('.md'));
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');
const guides = names.filter((name) => name !== 'README.md').map((name) => [name, textOf(name)] as const);

/** The headings of a Markdown text, as links name them. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('guides', () => {
  it('are all listed', () => {
    for (const [name] of guides) expect(textOf('README.md')).toContain(`(${name})`);
  });

  it.each(guides)('%s has a signing workflow of actions, inputs and outputs that exist', (_, text) => {
    expectKnownActions(text);
    expect(ownActions(documentedSteps(text)).some(({ uses }) => uses?.includes('/actions/sign@'))).toBe(true);
  });

  it.each(guides)('%s has a signing pipeline of inputs, values and output variables that exist', (_, text) => {
    expectKnownTasks(text);
    expect(ownTasks(documentedSteps(text)).some(({ inputs }) => inputs?.['command'] === 'sign')).toBe(true);
  });

  it.each(guides)('%s shows JSON that is valid, and trust policies that are accepted', (_, text) => {
    for (const block of codeBlocks(text, 'json')) {
      expect(() => JSON.parse(block) as unknown).not.toThrow();
      if (!block.includes('trustPolicies')) continue;
      expect(() => parseTrustPolicy(Buffer.from(block), 'trustpolicy.json')).not.toThrow();
    }
  });

  it.each(names)('%s has links that lead somewhere', (name) => {
    for (const [, file = '', anchor] of textOf(name).matchAll(/\]\(([\w-]*\.md)?(?:#([\w-]+))?\)/g)) {
      const target = file === '' ? name : file;
      expect(existsSync(join(folder, target)), target).toBe(true);
      if (anchor !== undefined) expect(anchors(textOf(target))).toContain(anchor);
    }
  });
});
