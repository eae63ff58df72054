// SPDX-License-Identifier: Apache-2.0
import { DerReader, contextConstructedTag, tag } from '../primitives/asn1.ts';
import { latin1OfBytes } from '../primitives/bytes.ts';
import { quote } from '../primitives/quote.ts';
import type { Certificate, CertificateChain } from './certificate.ts';
import { extensionOid, generalName } from './extensions.ts';
import { isDomainName, isIpv4Address, isIpv6Address } from './host-name.ts';
import { isMailbox } from './mailbox.ts';

/** A name of a kind that can be constrained; of an IP constraint, address and mask. */
interface GeneralName {
  readonly kind: number;
  readonly content: Uint8Array;
}

interface Constraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Comparisons of names with constraints in one chain, which Go bounded so until it sorted them first. */
const maxComparisons = 250_000;

/**
 * The first alternative name in a chain that a certificate above it does not allow (RFC 5280, 4.2.1.10, as Go reads it), as a
 * sentence; undefined when all are allowed. Subjects are not constrained: Go does not know directory names. The extensions
 * are well-formed: that was checked when the certificates were parsed.
 */
export function findConstrainedName(chain: CertificateChain): string | undefined {
  const constraints = chain.map(constraintsOf);
  let comparisons = 0;
  for (const [position, certificate] of chain.entries()) {
    const above = constraints.slice(position + 1).flatMap((each) => each ?? []);
    if (above.length === 0) return undefined;
    const names = namesOf(certificate);
    comparisons +=
      names.length * above.reduce((sum, { permitted, excluded }) => sum + permitted.length + excluded.length, 0);
    if (comparisons > maxComparisons) return `more than ${maxComparisons} names and constraints to compare`;
    for (const name of names) {
      const problem = findProblem(name, above);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function namesOf({ extensions }: Certificate): GeneralName[] {
  const extension = extensions.find(({ oid }) => oid === extensionOid.subjectAlternativeName);
  const names: GeneralName[] = [];
  const reader = extension && new DerReader(extension.value).enter(tag.sequence, '');
  while (reader?.empty === false) {
    const { tag: kind, content } = reader.any('');
    names.push({ kind, content });
  }
  return names;
}

function constraintsOf({ extensions }: Certificate): Constraints | undefined {
  const extension = extensions.find(({ oid }) => oid === extensionOid.nameConstraints);
  if (extension === undefined) return undefined;
  const reader = new DerReader(extension.value).enter(tag.sequence, '');
  const [permitted = [], excluded = []] = [0, 1].map((number) =>
    basesOf(reader.enterOptional(contextConstructedTag(number), '')),
  );
  return { permitted, excluded };
}

function basesOf(subtrees: DerReader | undefined): GeneralName[] {
  const bases: GeneralName[] = [];
  while (subtrees?.empty === false) {
    const { tag: kind, content } = subtrees.enter(tag.sequence, '').any('');
    bases.push({ kind, content });
  }
  return bases;
}

/** What a name must be to be matched, how it is matched, and what it is called. */
interface Kind {
  readonly label: string;
  /** What is compared, undefined for a name that cannot be compared and so is refused. */
  comparable(name: string): string | undefined;
  matches(constraint: string, name: string): boolean;
}

const kinds: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [
    generalName.dns,
    { label: 'DNS name', comparable: (name) => (isDomainName(name) ? name : undefined), matches: matchesDomain },
  ],
  [generalName.uri, { label: 'URI', comparable: hostOfUri, matches: matchesDomain }],
  [generalName.email, { label: 'email address', comparable: normalMailbox, matches: matchesMailbox }],
  [generalName.ip, { label: 'IP address', comparable: (name) => name, matches: matchesNetwork }],
]);

function findProblem({ kind, content }: GeneralName, above: readonly Constraints[]): string | undefined {
  const rule = kinds.get(kind);
  if (rule === undefined) return undefined;
  const text = latin1OfBytes(content);
  const name = rule.comparable(text);
  if (name === undefined) return `${rule.label} ${quote(text)} cannot be matched against constraints`;
  const ofKind = (bases: readonly GeneralName[]) =>
    bases.filter((base) => base.kind === kind).map((base) => latin1OfBytes(base.content));
  for (const { permitted, excluded } of above) {
    const allowed = ofKind(permitted);
    if (allowed.length > 0 && !allowed.some((constraint) => rule.matches(constraint, name))) {
      return `${rule.label} ${quote(text)} is not permitted by any constraint`;
    }
    const matching = ofKind(excluded).find(
      (constraint) =>
        rule.matches(constraint, name) || (kind !== generalName.ip && coversWildcard(constraint, domainIn(name))),
    );
    if (matching !== undefined) return `${rule.label} ${quote(text)} is excluded by constraint ${quote(matching)}`;
  }
  return undefined;
}

/** The domain itself and what is below it; with a leading dot only what is below it; empty: everything. */
function matchesDomain(constraint: string, name: string): boolean {
  const [domain, host] = [constraint.toLowerCase(), name.toLowerCase()];
  return domain === '' || domain === host || host.endsWith(domain.startsWith('.') ? domain : `.${domain}`);
}

function domainIn(name: string): string {
  return name.slice(name.lastIndexOf('@') + 1);
}

/** `*.example.com` would also name an excluded `host.example.com`. */
function coversWildcard(constraint: string, name: string): boolean {
  const parent = constraint.indexOf('.');
  const below = name.indexOf('.');
  if (!name.startsWith('*') || parent < 0 || below < 0 || constraint.includes('@')) return false;
  return constraint.slice(parent).toLowerCase() === name.slice(below).toLowerCase();
}

/** The host of a URI in lower case, without its port; undefined without one, or for an IP address. */
function hostOfUri(uri: string): string | undefined {
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/.exec(uri)?.[1] ?? /^\/\/([^/?#]*)/.exec(uri)?.[1] ?? '';
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .toLowerCase();
  if (host === '' || host.startsWith('[') || isIpv4Address(host) || isIpv6Address(host)) return undefined;
  return isDomainName(host) ? host : undefined;
}

/** A mailbox without quoting, its domain in lower case. */
function normalMailbox(text: string): string | undefined {
  if (!isMailbox(text)) return undefined;
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const plain = (local.startsWith('"') ? local.slice(1, -1) : local).replaceAll(/\\([\s\S])/g, '$1');
  return `${plain}@${text.slice(at + 1).toLowerCase()}`;
}

/** One mailbox, or all of a domain. */
function matchesMailbox(constraint: string, mailbox: string): boolean {
  if (constraint.includes('@')) return normalMailbox(constraint) === mailbox;
  return matchesDomain(constraint, domainIn(mailbox));
}

/** An address in the same family whose bits under the mask are those of the constraint. */
function matchesNetwork(constraint: string, address: string): boolean {
  const size = constraint.length / 2;
  if (size !== address.length) return false;
  const [base, own] = [Buffer.from(constraint, 'latin1'), Buffer.from(address, 'latin1')];
  return own.every((byte, i) => (byte & (base[size + i] ?? 0)) === ((base[i] ?? 0) & (base[size + i] ?? 0)));
}
