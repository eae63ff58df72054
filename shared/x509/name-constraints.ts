// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { DerReader, contextConstructedTag, tag } from '../primitives/asn1.ts';
import { isAscii } from '../primitives/asn1-string.ts';
import { latin1OfBytes } from '../primitives/bytes.ts';
import { generalName } from './extensions.ts';
import { isDomainName, isIpv4Address, isIpv6Address } from './host-name.ts';
import { isMailbox } from './mailbox.ts';

const problem = 'x509: invalid NameConstraints extension';

/** Refuses name constraints (RFC 5280, 4.2.1.10) that Go cannot read; constrained-names.ts applies them. */
export function checkNameConstraints(value: Uint8Array): void {
  const outer = new DerReader(value);
  const constraints = outer.enter(tag.sequence, problem);
  const permitted = constraints.enterOptional(contextConstructedTag(0), problem);
  const excluded = constraints.enterOptional(contextConstructedTag(1), problem);
  if (!outer.empty || !constraints.empty) throw malformed(problem);
  if ((permitted?.empty ?? true) && (excluded?.empty ?? true))
    throw malformed('x509: empty name constraints extension');
  for (const subtrees of [permitted, excluded]) {
    while (subtrees?.empty === false) checkBase(subtrees.enter(tag.sequence, problem));
  }
}

function checkBase(subtree: DerReader): void {
  const { tag: type, content } = subtree.any(problem);
  if (type === generalName.ip) {
    if (!isNetwork(content)) throw malformed('x509: invalid IP constraint');
    return;
  }
  const rule = rules.get(type);
  if (rule === undefined) return;
  if (!isAscii(content) || !rule(latin1OfBytes(content))) throw malformed('x509: invalid constraint value');
}

const isDomainConstraint = (text: string) => isDomainName(text, { leadingDot: true });

const rules: ReadonlyMap<number, (text: string) => boolean> = new Map([
  [generalName.dns, isDomainConstraint],
  [generalName.email, (text) => (text.includes('@') ? isMailbox(text) : isDomainConstraint(text))],
  [generalName.uri, (text) => !isIpv4Address(text) && !isIpv6Address(text) && isDomainConstraint(text)],
]);

/** An IPv4 or IPv6 address and a mask of ones followed by zeros. */
function isNetwork(content: Uint8Array): boolean {
  if (content.length !== 8 && content.length !== 32) return false;
  const mask = Array.from(content.subarray(content.length / 2), (byte) => byte.toString(2).padStart(8, '0'));
  return /^1*0*$/.test(mask.join(''));
}

function malformed(message: string): NotaryError {
  return new NotaryError('malformed', message);
}
