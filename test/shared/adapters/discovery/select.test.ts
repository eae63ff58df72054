// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Candidate, ChannelFindings } from '../../../../shared/adapters/discovery/candidate.ts';
import { select } from '../../../../shared/adapters/discovery/select.ts';
import { parseDigest } from '../../../../shared/primitives/digest.ts';

const digest = parseDigest(`sha256:${'a'.repeat(64)}`);
const other = parseDigest(`sha256:${'b'.repeat(64)}`);

function candidate(name: string, tags: readonly string[] = [], named = digest): Candidate {
  const slash = name.indexOf('/');
  return {
    registry: name.slice(0, slash),
    repository: name.slice(slash + 1),
    digest: named,
    tags,
    evidence: ['push: true'],
  };
}

function channel(name: string, ...candidates: Candidate[]): ChannelFindings {
  return { name, state: `${candidates.length} found`, candidates, rejected: [] };
}

function choose(channels: readonly ChannelFindings[], include: readonly string[] = [], signed: readonly string[] = []) {
  const selection = select(channels, { include, signed: new Set(signed) });
  return { ...selection, references: selection.artifacts.map(({ reference }) => reference) };
}

describe('select', () => {
  it('[GH-41] takes every repository, or those that are included', () => {
    const found = [channel('step-outputs', candidate('ghcr.io/o/a'), candidate('ghcr.io/o/b'))];
    expect(choose(found).references).toEqual([`ghcr.io/o/a@${digest}`, `ghcr.io/o/b@${digest}`]);
    const limited = choose(found, ['ghcr.io/*/b']);
    expect(limited.references).toEqual([`ghcr.io/o/b@${digest}`]);
    expect(limited.rejected).toMatchObject([
      { what: `ghcr.io/o/a@${digest}`, reason: '{input:detectInclude} does not include it' },
    ]);
  });

  it('merges what is found twice', () => {
    const selection = choose([
      channel('step-outputs', candidate('ghcr.io/o/a', ['1']), candidate('ghcr.io/o/a', ['1', '2'])),
    ]);
    expect(selection.artifacts).toMatchObject([
      { tags: ['1', '2'], evidence: ['push: true'], source: 'step-outputs', confirmedBy: [] },
    ]);
  });

  it('[GH-42] is ambiguous for one name with two digests, and shows both', () => {
    const found = [channel('step-outputs', candidate('ghcr.io/o/a', ['1']), candidate('ghcr.io/o/a', ['1'], other))];
    const { ambiguity } = choose(found);
    expect(ambiguity).toContain(`ghcr.io/o/a:1: ${digest}, ${other}`);
  });

  it('[GH-42] is not ambiguous when the names differ, or when one of the two is left out', () => {
    const named = [channel('step-outputs', candidate('ghcr.io/o/a', ['1']), candidate('ghcr.io/o/a', ['2'], other))];
    expect(choose(named).ambiguity).toBeUndefined();
    const both = [channel('step-outputs', candidate('ghcr.io/o/a', ['1']), candidate('ghcr.io/o/a', ['1'], other))];
    const again = choose(both, [], [`ghcr.io/o/a@${digest}`]);
    expect(again.references).toEqual([`ghcr.io/o/a@${other}`]);
  });

  it('[GH-52] lets the first channel decide, and the others confirm', () => {
    const selection = choose([
      channel('artifacts-list', candidate('ghcr.io/o/a')),
      channel('step-outputs', candidate('ghcr.io/o/a'), candidate('ghcr.io/o/b')),
    ]);
    expect(selection.artifacts).toMatchObject([
      { reference: `ghcr.io/o/a@${digest}`, source: 'artifacts-list', confirmedBy: ['step-outputs'] },
    ]);
    expect(selection.rejected).toEqual([
      { what: `ghcr.io/o/b@${digest}`, source: 'step-outputs', reason: 'not selected: artifacts-list decides' },
    ]);
  });

  it('is ambiguous when channels disagree about a name', () => {
    const selection = choose([
      channel('artifacts-list', candidate('ghcr.io/o/a', ['1'])),
      channel('step-outputs', candidate('ghcr.io/o/a', ['1'], other)),
    ]);
    expect(selection.ambiguity).toContain('ghcr.io/o/a:1');
  });

  it('leaves out a registry on this machine when another one is present, unless included', () => {
    const found = [channel('step-outputs', candidate('localhost:5000/test'), candidate('ghcr.io/o/a'))];
    expect(choose(found).references).toEqual([`ghcr.io/o/a@${digest}`]);
    expect(choose(found).rejected[0]?.reason).toMatch(/on this machine/);
    expect(choose(found, ['**']).references).toHaveLength(2);
    expect(choose([channel('step-outputs', candidate('localhost:5000/test'))]).references).toHaveLength(1);
  });

  it('[GH-70] leaves out what an earlier step has signed', () => {
    const found = [channel('step-outputs', candidate('ghcr.io/o/a'), candidate('ghcr.io/o/b'))];
    const selection = choose(found, [], [`ghcr.io/o/a@${digest}`]);
    expect(selection.references).toEqual([`ghcr.io/o/b@${digest}`]);
    expect(selection.rejected[0]?.reason).toBe('already signed by an earlier step of this job');
  });

  it('is ambiguous for more than 20 repositories', () => {
    const many = (count: number) => [
      channel('step-outputs', ...Array.from({ length: count }, (_, n) => candidate(`ghcr.io/o/r${n}`))),
    ];
    expect(choose(many(20)).ambiguity).toBeUndefined();
    expect(choose(many(21)).ambiguity).toMatch(/21 repositories/);
  });

  it('finds nothing in channels without candidates', () => {
    expect(choose([channel('artifacts-list'), channel('step-outputs')])).toMatchObject({
      artifacts: [],
      channels: [
        { name: 'artifacts-list', state: '0 found' },
        { name: 'step-outputs', state: '0 found' },
      ],
    });
  });
});
