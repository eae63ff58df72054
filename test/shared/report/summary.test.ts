// SPDX-License-Identifier: Apache-2.0
import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { inspectSummary } from '../../../shared/report/inspect-report.ts';
import { signSummary } from '../../../shared/report/sign-report.ts';
import { verifySummary } from '../../../shared/report/verify-report.ts';
import type { VerifyReportEntry } from '../../../shared/report/verify-entry.ts';

const words = (text: string): string => text;

/** Texts as a registry or a certificate could choose them. */
const hostile = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '</details><h1>Verified</h1>',
  '| a | b |',
  '`code` **bold** [link](https://evil.example) ![image](https://evil.example/x.png)',
  '@octocat #1 https://evil.example www.evil.example',
  'line\n# heading\n- item',
  '🔏',
];

/** Tags that a summary of ours may have; everything else came from foreign text. */
const own =
  /^<\/?(?:h3|table|thead|tbody|tr|th|td|p|code|strong|blockquote|br|details|summary|ul|li|pre)(?: align="\w+")?\/?>$/;

function expectInert(markdown: string, text: string): void {
  const html = marked.parse(markdown, { async: false, gfm: true });
  for (const [tag] of html.matchAll(/<[^>]*>/g)) expect(tag).toMatch(own);
  expect(html.match(/<h\d/g)).toHaveLength(1);
  expect(html.match(/<details>/g)?.length ?? 0).toBe(html.match(/<\/details>/g)?.length ?? 0);
  const shown = html.replace(/<[^>]*>/g, '').replace(/&#?\w+;/g, decoded);
  expect(shown).toContain(text.replaceAll('\n', '\\u{a}'));
}

function decoded(entity: string): string {
  const named: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"' };
  const number = /^&#(\d+);$/.exec(entity)?.[1];
  return number === undefined ? (named[entity] ?? entity) : String.fromCodePoint(Number(number));
}

describe.each(hostile)('[GH-87] [ADO-89] a summary with %j', (text) => {
  it('shows it inertly as a failure of signing', () => {
    const entry = {
      requested: text,
      tags: [text],
      source: text,
      outcome: { error: new NotaryError('internal', text) },
    };
    expectInert(signSummary([entry], words).replaceAll('\n\n```\n\n```', ''), text);
  });

  it('shows it inertly as a failure of verification', () => {
    const entry: VerifyReportEntry = {
      requested: text,
      outcome: {
        outcome: 'failed',
        error: text,
        requested: text,
        reference: text,
        artifact: undefined,
        verifiedAt: '2026-01-01T00:00:00Z',
        statement: text,
        level: undefined,
        signatures: [],
      },
    };
    expectInert(verifySummary([entry], words), text);
  });

  it('shows it inertly when inspecting', () => {
    expectInert(inspectSummary([{ requested: text, error: new NotaryError('internal', text) }], words), text);
  });
});

it('[GH-88] says how many artifacts are not shown', () => {
  const entries = Array.from({ length: 5000 }, (_, index) => ({
    requested: `r.io/app${index}@sha256:${'0'.repeat(64)}`,
    tags: [],
    source: 'input',
    outcome: { error: new NotaryError('internal', 'x'.repeat(300)) },
  }));
  const summary = signSummary(entries, words);
  expect(summary.length).toBeLessThan(1024 * 1024);
  expect(summary).toContain('4800 more artifacts not shown.');
});
