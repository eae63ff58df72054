// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { DerReader, contextTag, tag } from '../primitives/asn1.ts';
import { isAscii } from '../primitives/asn1-string.ts';
import { hexOfBytes, latin1OfBytes } from '../primitives/bytes.ts';
import { extensionOid, generalName, type Extension } from './extensions.ts';
import { checkNameConstraints } from './name-constraints.ts';
import { isAcceptableUri } from './uri.ts';

/**
 * Refuses what Go refuses in extensions of which nothing is used here (reference section 5.6): malformed values, and
 * critical ones that RFC 5280 wants not critical.
 */
export function checkUnusedExtension({ oid, critical, value }: Extension): void {
  const unwanted = neverCritical.get(oid);
  if (critical && unwanted !== undefined) throw malformed(`x509: ${unwanted} incorrectly marked critical`);
  checks.get(oid)?.(value);
}

const neverCritical: ReadonlyMap<string, string> = new Map([
  [extensionOid.subjectKeyIdentifier, 'subject key identifier'],
  [extensionOid.authorityKeyIdentifier, 'authority key identifier'],
  [extensionOid.authorityInformationAccess, 'authority info access'],
]);

const checks: ReadonlyMap<string, (value: Uint8Array) => void> = new Map([
  [extensionOid.subjectKeyIdentifier, checkSubjectKeyIdentifier],
  [extensionOid.authorityKeyIdentifier, checkAuthorityKeyIdentifier],
  [extensionOid.subjectAlternativeName, checkSubjectAlternativeName],
  [extensionOid.nameConstraints, checkNameConstraints],
  [extensionOid.certificatePolicies, checkCertificatePolicies],
  [extensionOid.policyMappings, checkPolicyMappings],
  [extensionOid.policyConstraints, checkPolicyConstraints],
  [extensionOid.inhibitAnyPolicy, checkInhibitAnyPolicy],
]);

function checkSubjectKeyIdentifier(value: Uint8Array): void {
  new DerReader(value).content(tag.octetString, 'x509: invalid subject key identifier');
}

function checkAuthorityKeyIdentifier(value: Uint8Array): void {
  const problem = 'x509: invalid authority key identifier';
  new DerReader(value).enter(tag.sequence, problem).enterOptional(contextTag(0), problem);
}

function checkSubjectAlternativeName(value: Uint8Array): void {
  const names = new DerReader(value).enter(tag.sequence, 'x509: invalid subject alternative names');
  while (!names.empty) {
    const { tag: type, content } = names.any('x509: invalid subject alternative name');
    if (alternativeNames.get(type)?.(content) === false) throw malformed('x509: malformed subject alternative name');
  }
}

/** Names of other kinds are not looked at. */
const alternativeNames: ReadonlyMap<number, (content: Uint8Array) => boolean> = new Map([
  [generalName.email, isAscii],
  [generalName.dns, isAscii],
  [generalName.uri, (content) => isAscii(content) && isAcceptableUri(latin1OfBytes(content))],
  [generalName.ip, ({ length }) => length === 4 || length === 16],
]);

function checkCertificatePolicies(value: Uint8Array): void {
  const problem = 'x509: invalid certificate policies';
  const policies = new DerReader(value).enter(tag.sequence, problem);
  const seen = new Set<string>();
  while (!policies.empty) {
    const policy = policies.enter(tag.sequence, problem).content(tag.objectIdentifier, problem);
    const id = hexOfBytes(policy);
    if (!isObjectIdentifier(policy) || seen.has(id)) throw malformed(problem);
    seen.add(id);
  }
}

/** Here Go allows arcs of any size. */
function isObjectIdentifier(content: Uint8Array): boolean {
  const startsArc = (position: number) => position === 0 || (content[position - 1] ?? 0) < 0x80;
  const paddedArc = content.some((octet, position) => octet === 0x80 && startsArc(position));
  return content.length > 0 && (content.at(-1) ?? 0) < 0x80 && !paddedArc;
}

function checkPolicyMappings(value: Uint8Array): void {
  const problem = 'x509: invalid policy mappings extension';
  const mappings = new DerReader(value).enter(tag.sequence, problem);
  while (!mappings.empty) {
    const mapping = mappings.enter(tag.sequence, problem);
    mapping.content(tag.objectIdentifier, problem);
    mapping.content(tag.objectIdentifier, problem);
  }
}

function checkPolicyConstraints(value: Uint8Array): void {
  const problem = 'x509: invalid policy constraints extension';
  const constraints = new DerReader(value).enter(tag.sequence, problem);
  for (const type of [contextTag(0), contextTag(1)]) {
    if (constraints.nextIs(type)) constraints.int64(problem, type);
  }
}

function checkInhibitAnyPolicy(value: Uint8Array): void {
  new DerReader(value).int64('x509: invalid inhibit any policy extension');
}

function malformed(message: string): NotaryError {
  return new NotaryError('malformed', message);
}
