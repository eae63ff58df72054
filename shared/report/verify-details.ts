// SPDX-License-Identifier: Apache-2.0
import type { SignatureOutcome, SignatureSummary, VerificationOutcome } from '../validation/outcome.ts';
import { code, plain, table } from './markdown.ts';
import { checkText, statusText } from './revocation-text.ts';
import { count, shortDigest } from './shown.ts';
import { selectionReason, signatureVerdict } from './verify-entry.ts';
import { validationText } from './verify-log.ts';

/** Signatures of one artifact that are explained; the JSON output has all. */
const maxSignatures = 10;

/** How an outcome came about, as Markdown: the policy, each signature, each validation, each question about revocation. */
export function verifyDetails(outcome: VerificationOutcome, hostWords: (text: string) => string): string {
  const signatures = outcome.signatures.slice(0, maxSignatures);
  const left = outcome.signatures.length - signatures.length;
  const asked = signatures.flatMap(revocationRows);
  const notices = outcome.outcome === 'verified' ? outcome.notices : [];
  return [
    policyText(outcome),
    ...(signatures.length === 0 ? [] : [table(signatureHeader, signatures.map(signatureRow))]),
    ...(signatures.length === 0
      ? []
      : [
          table(
            ['Signature', 'Validation', 'Action', 'Result'],
            signatures.flatMap((each) => validationRows(each, hostWords)),
          ),
        ]),
    ...(asked.length === 0 ? [] : [table(['Signature', 'Certificate', 'Revocation', 'Asked and answered'], asked)]),
    ...notices.map((notice) => plain(notice)),
    ...(left > 0 ? [`${count(left, 'more signature')} not shown.`] : []),
  ].join('\n\n');
}

function policyText({ statement, level, selectedBy, scope, verifiedAt }: VerificationOutcome): string {
  const at = `Time of verification: ${plain(verifiedAt)}.`;
  if (statement === undefined || level === undefined) return `No trust policy statement applies. ${at}`;
  const why = selectedBy === undefined ? '' : `, ${plain(selectionReason(selectedBy, scope))}`;
  return `Trust policy statement ${code(statement)}, level ${level.name}${why}. ${at}`;
}

const signatureHeader = ['Signature', 'Outcome', 'Signer', 'Issuer', 'Certificate valid', 'Signing time', 'Timestamp'];

function signatureRow(outcome: SignatureOutcome): string[] {
  const { digest, signature } = outcome;
  const verdict = signatureVerdict(outcome);
  const named = [code(shortDigest(digest)), verdict === 'accepted' ? 'accepted with warnings' : verdict];
  if (signature === undefined) return [...named, '', '', '', '', ''];
  const [leaf] = signature.certificates;
  return [
    ...named,
    plain(leaf?.subject ?? ''),
    plain(leaf?.issuer ?? ''),
    plain(leaf === undefined ? '' : `${leaf.notBefore} to ${leaf.notAfter}`),
    plain(`${signature.signingTime}${signature.expiry === undefined ? '' : `, expires ${signature.expiry}`}`),
    plain(timestampText(outcome, signature)),
  ];
}

/** A timestamp that nobody has verified is never told as a time. */
function timestampText({ validations }: SignatureOutcome, { timestamped }: SignatureSummary): string {
  const timestamp = validations.find((each) => each.timestamp !== undefined && each.error === undefined)?.timestamp;
  if (timestamp === undefined) return timestamped ? 'there, not verified' : 'none';
  const { earliest, latest, certificates } = timestamp;
  return `${earliest === latest ? earliest : `${earliest} to ${latest}`} by ${certificates[0]?.subject ?? ''}`;
}

function validationRows(
  { digest, validations, error }: SignatureOutcome,
  hostWords: (text: string) => string,
): string[][] {
  const signature = code(shortDigest(digest));
  const rows = validations.map((validation) => [
    ...[signature, validation.type, validation.action],
    plain(hostWords(validationText(validation))),
  ]);
  return error === undefined
    ? rows
    : [...rows, [signature, 'signature', 'enforce', plain(`failed: ${hostWords(error)}`)]];
}

function revocationRows({ digest, validations }: SignatureOutcome): string[][] {
  return validations
    .flatMap(({ revocation = [] }) => revocation)
    .map((revocation) => [
      code(shortDigest(digest)),
      plain(revocation.subject),
      plain(statusText(revocation)),
      (revocation.checks ?? []).map((check) => plain(checkText(check))).join('<br>'),
    ]);
}
