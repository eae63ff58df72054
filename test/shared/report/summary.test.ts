// SPDX-License-Identifier: Apache-2.0
import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { parseDigest } from '../../../shared/primitives/digest.ts';
import { inspectSummary } from '../../../shared/report/inspect-report.ts';
import { signSummary } from '../../../shared/report/sign-report.ts';
import { verifySummary } from '../../../shared/report/verify-report.ts';
import type { VerifyReportEntry } from '../../../shared/report/verify-entry.ts';
import { parseLevel } from '../../../shared/trust/level.ts';
import type { SignatureOutcome } from '../../../shared/validation/outcome.ts';

const words = (text: string): string => text;

/** An artifact with signatures that say the same text wherever somebody else chooses one. */
function accepted(text: string, signatures = 1): VerifyReportEntry {
  const certificate = { subject: text, issuer: text, notBefore: '', notAfter: '', thumbprint: '' };
  const check = { method: 'ocsp', server: text, result: 'unknown', error: text } as const;
  const revocation = [{ subject: text, status: 'unknown', reason: text, checks: [check, check] }] as const;
  const timestamp = { earliest: '', latest: '', certificates: [certificate] };
  const signature: SignatureOutcome = {
    digest: parseDigest(`sha256:${'0'.repeat(64)}`),
    verified: true,
    validations: [
      { type: 'authenticTimestamp', action: 'enforce', note: text, timestamp },
      { type: 'revocation', action: 'log', error: text, note: text, revocation },
    ],
    error: text,
    signature: {
      ...{ envelopeMediaType: text, signingScheme: text, algorithm: text, signingTime: text, expiry: text },
      ...{ timestamped: true, userMetadata: { [text]: text }, certificates: [certificate] },
    },
  };
  return {
    requested: text,
    outcome: {
      ...{ outcome: 'verified', requested: text, reference: text, artifact: undefined, statement: text },
      ...{ verifiedAt: '2026-01-01T00:00:00Z', selectedBy: 'registry-scope', scope: text },
      ...{ warnings: [text], expiring: [text], notices: [text] },
      level: parseLevel('strict', new Map([['revocation', 'log']])),
      signatures: Array.from({ length: signatures }, () => signature),
    },
  };
}

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

  it('shows it inertly in everything that explains an outcome', () => {
    expectInert(verifySummary([accepted(text)], words), text);
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

it('[GH-88] explains as many artifacts as there is room for, and says of how many it does not', () => {
  const entries = Array.from({ length: 500 }, () => accepted('CN=🔏|'.repeat(20), 100));
  const summary = verifySummary(entries, words);
  expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
  expect(summary).toContain('90 more signatures not shown.');
  expect(summary).toMatch(/The checks of \d+ more artifacts are in the log only\./);
  expect(summary).toContain('300 more artifacts not shown.');
});
