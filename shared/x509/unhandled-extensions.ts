// SPDX-License-Identifier: Apache-2.0
import { DerReader, contextConstructedTag, tag } from '../primitives/asn1.ts';
import type { Certificate } from './certificate.ts';
import { extensionOid, generalName, type Extension } from './extensions.ts';

const handled: ReadonlySet<string> = new Set(Object.values(extensionOid));
const generalNames: ReadonlySet<number> = new Set(Object.values(generalName));

/**
 * Whether a certificate has a critical extension that Go's path building does not understand: an unknown one, alternative
 * names of no known kind, or name constraints of an unknown kind such as directory names.
 */
export function hasUnhandledCriticalExtension({ extensions }: Certificate): boolean {
  return extensions.some((extension) => extension.critical && !isHandled(extension));
}

/** The values are well-formed: that was checked when the certificate was parsed. */
function isHandled({ oid, value }: Extension): boolean {
  if (oid === extensionOid.subjectAlternativeName) {
    const kinds = kindsIn(new DerReader(value).enter(tag.sequence, ''));
    return kinds.some((kind) => generalNames.has(kind));
  }
  if (oid === extensionOid.nameConstraints) {
    const constraints = new DerReader(value).enter(tag.sequence, '');
    const subtrees = [0, 1].map((number) => constraints.enterOptional(contextConstructedTag(number), ''));
    return subtrees.every((list) => list === undefined || basesIn(list).every((kind) => generalNames.has(kind)));
  }
  return handled.has(oid);
}

function kindsIn(names: DerReader): number[] {
  const kinds: number[] = [];
  while (!names.empty) kinds.push(names.any('').tag);
  return kinds;
}

function basesIn(subtrees: DerReader): number[] {
  const kinds: number[] = [];
  while (!subtrees.empty) kinds.push(subtrees.enter(tag.sequence, '').any('').tag);
  return kinds;
}
