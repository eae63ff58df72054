// SPDX-License-Identifier: Apache-2.0
import type { InspectedSignature, Inspection } from '../inspect.ts';
import type { CertificateSummary, SignatureSummary } from '../validation/outcome.ts';
import { failureText } from './failure.ts';
import { artifactOf, errorOf } from './results-json.ts';
import { schemaVersion } from './schema-version.ts';
import { caution, code, details, plain, table } from './markdown.ts';
import { count, shortDigest, shortReference } from './shown.ts';

/** What was found of one artifact, or what kept it from being read. */
export interface InspectReportEntry {
  readonly requested: string;
  readonly inspection?: Inspection;
  readonly error?: unknown;
}

/** The `inspection` output: a JSON list on one line in the order of the inputs (docs/results.schema.json). */
export function inspectionJson(entries: readonly InspectReportEntry[], words: (text: string) => string): string {
  return words(JSON.stringify(entries.map(inspectionOf)));
}

function inspectionOf({ requested, inspection, error }: InspectReportEntry) {
  if (inspection === undefined) return { schemaVersion, requested, ...errorOf(error) };
  const { reference, artifact, signatures, truncated } = inspection;
  return { ...{ schemaVersion, requested, reference }, artifact: artifactOf(artifact), signatures, truncated };
}

/** The tree of an artifact's signatures, one text a line. */
export function inspectTree({ reference, signatures }: Inspection): string[] {
  if (signatures.length === 0) return [reference, '└── no signatures'];
  const branches = signatures.map(signatureNode);
  return [reference, ...drawn(branches)];
}

/** A line with lines below it. */
interface Node {
  readonly text: string;
  readonly children: readonly Node[];
}

function leaf(text: string): Node {
  return { text, children: [] };
}

function drawn(nodes: readonly Node[]): string[] {
  return nodes.flatMap(({ text, children }, index) => {
    const last = index === nodes.length - 1;
    return [`${last ? '└── ' : '├── '}${text}`, ...drawn(children).map((line) => `${last ? '    ' : '│   '}${line}`)];
  });
}

function signatureNode({ digest, summary, error }: InspectedSignature): Node {
  if (summary === undefined) return { text: digest, children: [leaf(`cannot be read: ${error ?? 'unknown reason'}`)] };
  const metadata = Object.entries(summary.userMetadata).map(([key, value]) => leaf(`${key}: ${value}`));
  return {
    text: digest,
    children: [
      leaf(`envelope: ${summary.envelopeMediaType}`),
      leaf(`signature algorithm: ${summary.algorithm}`),
      leaf(`signing scheme: ${summary.signingScheme}`),
      leaf(`signing time: ${summary.signingTime}`),
      ...(summary.expiry === undefined ? [] : [leaf(`expiry: ${summary.expiry}`)]),
      ...(summary.signingAgent === undefined ? [] : [leaf(`signing agent: ${summary.signingAgent}`)]),
      leaf(`timestamped: ${summary.timestamped ? 'yes' : 'no'}`),
      ...(metadata.length === 0 ? [] : [{ text: 'user metadata', children: metadata }]),
      { text: 'certificates', children: summary.certificates.map(certificateNode) },
    ],
  };
}

function certificateNode({ subject, issuer, notBefore, notAfter, thumbprint }: CertificateSummary): Node {
  return {
    text: `SHA256 ${thumbprint}`,
    children: [leaf(`subject: ${subject}`), leaf(`issuer: ${issuer}`), leaf(`valid: ${notBefore} to ${notAfter}`)],
  };
}

/** The job summary of an inspect step, as Markdown. */
export function inspectSummary(entries: readonly InspectReportEntry[], words: (text: string) => string): string {
  return [
    `### Inspected ${count(entries.length, 'artifact')}`,
    'Nothing here has been verified: this is what the signatures say of themselves.',
    ...entries.map((entry) => inspectionBlock(entry, words)),
  ].join('\n\n');
}

function inspectionBlock(
  { requested, inspection, error }: InspectReportEntry,
  words: (text: string) => string,
): string {
  if (inspection === undefined) {
    return caution(`**${plain(requested)}**\n${words(failureText(error)).split('\n').map(plain).join('<br>\n')}`);
  }
  const title = `${code(shortReference(inspection.reference))}: ${count(inspection.signatures.length, 'signature')}`;
  if (inspection.signatures.length === 0) return title;
  const rows = inspection.signatures.map(({ digest, summary, error: reason }) => [
    code(shortDigest(digest)),
    ...(summary === undefined ? [plain(`cannot be read: ${reason ?? ''}`), '', '', ''] : summaryCells(summary)),
  ]);
  const tree = inspectTree(inspection).map(plain).join('<br>\n');
  return `${title}\n\n${table(['Signature', 'Signer', 'Signing time', 'Expiry', 'Timestamped'], rows)}\n\n${details('Tree', tree)}`;
}

function summaryCells({ certificates, signingTime, expiry, timestamped }: SignatureSummary): string[] {
  return [plain(certificates[0]?.subject ?? ''), plain(signingTime), plain(expiry ?? ''), timestamped ? 'yes' : 'no'];
}
