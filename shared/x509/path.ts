// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { DerReader, contextConstructedTag, contextTag, tag } from '../primitives/asn1.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { formatRfc3339 } from '../primitives/go-time.ts';
import { compareInstants, dateOfInstant, instantOfDate, type Instant } from '../primitives/instant.ts';
import { quote } from '../primitives/quote.ts';
import type { Certificate, CertificateChain } from './certificate.ts';
import { findConstrainedName } from './constrained-names.ts';
import { extensionOid } from './extensions.ts';
import { arePoliciesValid } from './policy-graph.ts';
import { verifySignedBy } from './signature.ts';
import { hasUnhandledCriticalExtension } from './unhandled-extensions.ts';

/** What a path must satisfy. */
export interface PathRequirements {
  /** Trusted as they are: their own signatures are not looked at. */
  readonly roots: readonly Certificate[];
  /** May stand between leaf and root. */
  readonly intermediates: readonly Certificate[];
  /** Dotted extended key usage that every certificate with that extension must allow. */
  readonly usage: string;
  /** When all certificates must be valid. */
  readonly at: Instant;
}

/** Go's bound on the signatures verified for one leaf: cross-signed certificates make the number of paths explode. */
const maxSignatureChecks = 100;

/**
 * Builds the paths from a certificate to a root that Go's `x509.Verify` would (RFC 5280, 6.1): validity, names, CA flag, path
 * length, unhandled critical extensions, policies, extended key usages nested, name constraints, no SHA-1. Key usage bits
 * other than keyCertSign are not looked at. In Go's order, at least one; throws `chain-invalid` in Go's words otherwise.
 */
export function buildPaths(leaf: Certificate, requirements: PathRequirements): CertificateChain[] {
  const roots = unique(requirements.roots);
  const search: Search = { ...requirements, roots, intermediates: unique(requirements.intermediates), checks: 0 };
  const unfit = findUnfitness(leaf, 'leaf', [], requirements.at);
  if (unfit !== undefined) throw invalid(unfit);
  const trusted = roots.some(({ der }) => equalBytes(der, leaf.der));
  const candidates: CertificateChain[] = trusted ? [[leaf]] : extend([leaf], search);
  return acceptable(candidates, requirements.usage);
}

interface Search extends PathRequirements {
  checks: number;
}

type Role = 'leaf' | 'intermediate' | 'root';

const signatureLimit = 'x509: signature check attempts limit reached while verifying certificate chain';

/** All paths that begin with this one. Throws when there is none. */
function extend(chain: CertificateChain, search: Search): CertificateChain[] {
  const child = chain.at(-1) ?? chain[0];
  const found: CertificateChain[] = [];
  let hint: string | undefined;
  let failure: string | undefined;
  for (const [role, pool] of [['root', search.roots] as const, ['intermediate', search.intermediates] as const]) {
    for (const parent of potentialParents(child, pool)) {
      if (++search.checks > maxSignatureChecks) return orThrow(found, signatureLimit);
      if (parent.publicKeyType === undefined || isInChain(parent, chain)) continue;
      const unsigned = failureOf(() => {
        verifySignedBy(child, parent);
      });
      const unfit = unsigned === undefined ? findUnfitness(parent, role, chain, search.at) : undefined;
      const problem = unsigned ?? unfit;
      if (problem !== undefined) {
        hint ??= ` (possibly because of ${quote(problem)} while trying to verify candidate authority certificate ${quote(parent.subject)})`;
        failure = unfit;
        continue;
      }
      failure = undefined;
      const longer: CertificateChain = [...chain, parent];
      if (role === 'root') found.push(longer);
      else {
        failure = failureOf(() => {
          found.push(...extend(longer, search));
        });
        if (failure === signatureLimit) return orThrow(found, signatureLimit);
      }
    }
  }
  return orThrow(found, failure ?? `x509: certificate signed by unknown authority${hint ?? ''}`);
}

function orThrow(found: CertificateChain[], failure: string): CertificateChain[] {
  if (found.length === 0) throw invalid(failure);
  return found;
}

/** Certificates with the right name; those whose key identifier fits come first, as Go orders them. */
function potentialParents(child: Certificate, pool: readonly Certificate[]): Certificate[] {
  const wanted = authorityKeyIdentifier(child);
  const named = pool.filter(({ rawSubject }) => equalBytes(rawSubject, child.rawIssuer));
  const rankOf = (parent: Certificate): number => {
    const own = subjectKeyIdentifier(parent);
    if (equalBytes(own, wanted)) return 0;
    return (own.length === 0) !== (wanted.length === 0) ? 1 : 2;
  };
  return named
    .map((parent) => ({ parent, rank: rankOf(parent) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ parent }) => parent);
}

/** Empty without the extension. Its form was checked when the certificate was parsed. */
function subjectKeyIdentifier({ extensions }: Certificate): Uint8Array {
  const extension = extensions.find(({ oid }) => oid === extensionOid.subjectKeyIdentifier);
  return extension === undefined ? new Uint8Array() : new DerReader(extension.value).content(tag.octetString, '');
}

function authorityKeyIdentifier({ extensions }: Certificate): Uint8Array {
  const extension = extensions.find(({ oid }) => oid === extensionOid.authorityKeyIdentifier);
  if (extension === undefined) return new Uint8Array();
  const reader = new DerReader(extension.value).enter(tag.sequence, '');
  return reader.nextIs(contextTag(0)) ? reader.content(contextTag(0), '') : new Uint8Array();
}

/** Whether the same entity stands in the chain already: same name, key and alternative names (against cross-signing loops). */
function isInChain(candidate: Certificate, chain: CertificateChain): boolean {
  const names = alternativeNames(candidate);
  for (const certificate of chain) {
    if (!equalBytes(candidate.rawSubject, certificate.rawSubject)) continue;
    if (!equalBytes(encodedKey(candidate), encodedKey(certificate))) continue;
    const others = alternativeNames(certificate);
    if (names === undefined || others === undefined) return names === others;
    if (equalBytes(names, others)) return true;
  }
  return false;
}

function alternativeNames({ extensions }: Certificate): Uint8Array | undefined {
  return extensions.find(({ oid }) => oid === extensionOid.subjectAlternativeName)?.value;
}

/** The encoded SubjectPublicKeyInfo: the seventh field of a TBSCertificate whose version may be left out. */
function encodedKey({ tbsCertificate }: Certificate): Uint8Array {
  const fields = new DerReader(tbsCertificate).enter(tag.sequence, '');
  if (fields.nextIs(contextConstructedTag(0))) fields.any('');
  for (let field = 0; field < 5; field++) fields.any('');
  return fields.any('').encoded;
}

/** Why a certificate cannot stand next in the chain, in Go's words (`isValid`). */
function findUnfitness(
  certificate: Certificate,
  role: Role,
  chain: readonly Certificate[],
  at: Instant,
): string | undefined {
  const { basicConstraints, notBefore, notAfter } = certificate;
  if (hasUnhandledCriticalExtension(certificate)) return 'x509: unhandled critical extension';
  const expired = 'x509: certificate has expired or is not yet valid: current time';
  const now = formatRfc3339(dateOfInstant(at));
  if (compareInstants(at, instantOfDate(notBefore)) < 0)
    return `${expired} ${now} is before ${formatRfc3339(notBefore)}`;
  if (compareInstants(at, instantOfDate(notAfter)) > 0) return `${expired} ${now} is after ${formatRfc3339(notAfter)}`;
  if (role === 'intermediate' && basicConstraints?.ca !== true) {
    return 'x509: certificate is not authorized to sign other certificates';
  }
  const intermediates = chain.length - 1;
  if (basicConstraints?.pathLength !== undefined && intermediates > basicConstraints.pathLength) {
    return 'x509: too many intermediates for path length constraint';
  }
  return undefined;
}

/** The chains that stand the checks of whole chains. Throws when none does. */
function acceptable(candidates: readonly CertificateChain[], usage: string): CertificateChain[] {
  const problems = { policies: 0, usages: 0 };
  let constrained: string | undefined;
  const accepted = candidates.filter((chain) => {
    if (!arePoliciesValid(chain)) problems.policies++;
    else if (!chain.every((certificate) => allowsUsage(certificate, usage))) problems.usages++;
    else {
      const name = findConstrainedName(chain);
      constrained ??= name;
      return name === undefined;
    }
    return false;
  });
  if (accepted.length > 0) return accepted;
  if (constrained !== undefined) {
    throw invalid(`x509: a root or intermediate certificate is not authorized to sign for this name: ${constrained}`);
  }
  if (problems.policies === 0) throw invalid('x509: certificate specifies an incompatible key usage');
  const details = [
    ...(problems.usages > 0 ? [`${problems.usages} candidate chains with incompatible key usage`] : []),
    `${problems.policies} candidate chains with invalid policies`,
  ];
  throw invalid(`x509: no valid chains built: ${details.join(', ')}`);
}

const anyExtendedKeyUsage = '2.5.29.37.0';

function allowsUsage({ extendedKeyUsage = [] }: Certificate, usage: string): boolean {
  return (
    extendedKeyUsage.length === 0 || extendedKeyUsage.includes(anyExtendedKeyUsage) || extendedKeyUsage.includes(usage)
  );
}

function unique(certificates: readonly Certificate[]): Certificate[] {
  return [...new Map(certificates.map((each) => [Buffer.from(each.der).toString('latin1'), each])).values()];
}

function failureOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function invalid(problem: string): NotaryError {
  return new NotaryError('chain-invalid', problem);
}
