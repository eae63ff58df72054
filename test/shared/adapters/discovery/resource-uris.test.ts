// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseResourceUris, showUri } from '../../../../shared/adapters/discovery/resource-uris.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;

function references(value: string): string[] {
  return parseResourceUris(value).flatMap((uri) => ('reference' in uri ? [uri.reference] : []));
}

function rejected(value: string): { rejected: string; reason: string }[] {
  return parseResourceUris(value).flatMap((uri) => ('rejected' in uri ? [uri] : []));
}

describe('parseResourceUris', () => {
  it('[ADO-25] reads what a push of one tag has set', () => {
    expect(references(`https://myacr.azurecr.io/team/app@${digest}`)).toEqual([`myacr.azurecr.io/team/app@${digest}`]);
  });

  it('[ADO-27] reads several entries', () => {
    expect(references(`https://localhost:5000/a/b@${digest},https://myacr.azurecr.io/a/b@${digest}`)).toEqual([
      `localhost:5000/a/b@${digest}`,
      `myacr.azurecr.io/a/b@${digest}`,
    ]);
  });

  it('[ADO-26] takes a repeated entry once', () => {
    expect(references(`https://r.io/a@${digest},https://r.io/a@${digest}`)).toHaveLength(1);
  });

  it('[ADO-31] passes over empty entries and blanks', () => {
    expect(parseResourceUris(`, https://r.io/a@${digest} ,,\n`)).toEqual([{ reference: `r.io/a@${digest}` }]);
    expect(parseResourceUris('')).toEqual([]);
    expect(parseResourceUris(' , ')).toEqual([]);
  });

  it('[ADO-32] says that a digest is empty, and takes the other entries', () => {
    const value = `https://r.io/a@sha256:,https://r.io/b@${other},https://r.io/c@`;
    expect(references(value)).toEqual([`r.io/b@${other}`]);
    expect(rejected(value)).toEqual([
      { rejected: 'https://r.io/a@sha256:', reason: expect.stringContaining('digest is empty') as string },
      { rejected: 'https://r.io/c@', reason: expect.stringContaining('digest is empty') as string },
    ]);
  });

  it.each([
    `http://r.io/a@${digest}`,
    `oci://r.io/a@${digest}`,
    `docker://r.io/a@${digest}`,
    `r.io/a@${digest}`,
    `//r.io/a@${digest}`,
    `HTTPS//r.io/a@${digest}`,
  ])('[ADO-33] rejects an entry with another scheme or none: %s', (entry) => {
    expect(rejected(entry)).toEqual([{ rejected: entry, reason: expect.stringContaining('https://') as string }]);
  });

  it('[ADO-33] rejects a second :// and an entry without a digest', () => {
    expect(rejected(`https://r.io/a@${digest}https://r.io/b@${digest}`)[0]?.reason).toContain('twice');
    expect(rejected('https://r.io/a:1')[0]?.reason).toContain('no digest');
  });

  it('[ADO-34] keeps docker.io, by any of its names', () => {
    expect(references(`https://docker.io/library/repo@${digest}`)).toEqual([`docker.io/library/repo@${digest}`]);
    expect(references(`https://docker.io/user/repo@${digest}`)).toEqual([`docker.io/user/repo@${digest}`]);
    expect(references(`https://index.docker.io/repo@${digest}`)).toEqual([`docker.io/library/repo@${digest}`]);
  });

  it.each(['docker.io/localhost/x', 'docker.io/library/localhost', 'docker.io/library/host.example.com'])(
    'rejects %s, which was pushed to another host',
    (name) => {
      expect(rejected(`https://${name}@${digest}`)[0]?.reason).toContain('name of a registry');
    },
  );

  it('[ADO-35] keeps one digest in two repositories apart', () => {
    expect(references(`https://r.io/a@${digest},https://r.io/b@${digest}`)).toHaveLength(2);
  });

  it.each([
    `https://r.io/a##vso[task.setvariable variable=x]y@${digest}`,
    `https://r.io/a b@${digest}`,
    `https://r.io/$(rm -rf)@${digest}`,
    `https://r.io/a;b@${digest}`,
    `https://r.io/a@${digest}\n##[error]no`,
    `https://r.io/../../etc@${digest}`,
    `https://user:pw@r.io/a@${digest}`,
    `https://r.io/A@${digest}`,
    `https://r.io/a@sha256:${'g'.repeat(64)}`,
    `https://r.io/a@sha256:${'a'.repeat(63)}`,
    `https://r.io/a?x@${digest}`,
    `https://r.io/a#x@${digest}`,
  ])('[ADO-38] rejects what is not grammar, and does not repeat it: %s', (entry) => {
    const all = parseResourceUris(entry);
    expect(all.every((uri) => 'rejected' in uri)).toBe(true);
    for (const uri of rejected(entry)) expect(uri.rejected + uri.reason).not.toMatch(/##|[[\]\n;$ ]vso|\n/);
  });

  it('cuts what it shows, and what it looks at', () => {
    expect(showUri('a'.repeat(500))).toHaveLength(153);
    const value = Array.from({ length: 1500 }, (_, index) => `https://r.io/a${index}@${digest}`).join(',');
    expect(references(value)).toHaveLength(1000);
    expect(rejected(value)).toEqual([{ rejected: '500 more entries', reason: expect.any(String) as string }]);
  });

  it('takes any text without throwing, and shows nothing that a log acts on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (value) => {
        for (const uri of [...parseResourceUris(value), ...parseResourceUris(`https://${value}`)]) {
          if ('rejected' in uri) expect(uri.rejected).toMatch(/^[\w.:/@+?-]*$/);
          else expect(uri.reference).toMatch(/^[\w.:[\]-]+\/[a-z0-9._/-]+@sha\d+:[0-9a-f]+$/);
        }
      }),
    );
  });
});
