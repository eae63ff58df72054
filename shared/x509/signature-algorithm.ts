// SPDX-License-Identifier: Apache-2.0
import { DerReader, contextConstructedTag, tag } from '../primitives/asn1.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { parseAlgorithmIdentifier, type AlgorithmIdentifier } from './algorithm-identifier.ts';

/** A signature algorithm of certificates that Go knows, by Go's name. */
export interface CertificateSignatureAlgorithm {
  readonly name: string;
  /** Type of the issuer's key, in Go's words. */
  readonly keyType: 'RSA' | 'DSA' | 'ECDSA' | 'Ed25519';
  readonly hash: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512' | undefined;
  readonly pss: boolean;
}

type Row = CertificateSignatureAlgorithm;

function row(name: string, keyType: Row['keyType'], hash: Row['hash'], pss = false): Row {
  return { name, keyType, hash, pss };
}

const unknown = 'unknown';
const ed25519 = '1.3.101.112';
const sha1Rsa = row('SHA1-RSA', 'RSA', 'sha1');

/** Go's `signatureAlgorithmDetails` by dotted identifier; RSASSA-PSS has its facts in the parameters. */
const algorithms: ReadonlyMap<string, Row> = new Map([
  ['1.2.840.113549.1.1.4', row('MD5-RSA', 'RSA', 'md5')],
  ['1.2.840.113549.1.1.5', sha1Rsa],
  ['1.3.14.3.2.29', sha1Rsa],
  ['1.2.840.113549.1.1.11', row('SHA256-RSA', 'RSA', 'sha256')],
  ['1.2.840.113549.1.1.12', row('SHA384-RSA', 'RSA', 'sha384')],
  ['1.2.840.113549.1.1.13', row('SHA512-RSA', 'RSA', 'sha512')],
  ['1.2.840.10040.4.3', row('DSA-SHA1', 'DSA', 'sha1')],
  ['2.16.840.1.101.3.4.3.2', row('DSA-SHA256', 'DSA', 'sha256')],
  ['1.2.840.10045.4.1', row('ECDSA-SHA1', 'ECDSA', 'sha1')],
  ['1.2.840.10045.4.3.2', row('ECDSA-SHA256', 'ECDSA', 'sha256')],
  ['1.2.840.10045.4.3.3', row('ECDSA-SHA384', 'ECDSA', 'sha384')],
  ['1.2.840.10045.4.3.4', row('ECDSA-SHA512', 'ECDSA', 'sha512')],
  [ed25519, row('Ed25519', 'Ed25519', undefined)],
]);

const rsaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';

const pssByHash: ReadonlyMap<string, { readonly saltLength: bigint; readonly row: Row }> = new Map([
  ['2.16.840.1.101.3.4.2.1', { saltLength: 32n, row: row('SHA256-RSAPSS', 'RSA', 'sha256', true) }],
  ['2.16.840.1.101.3.4.2.2', { saltLength: 48n, row: row('SHA384-RSAPSS', 'RSA', 'sha384', true) }],
  ['2.16.840.1.101.3.4.2.3', { saltLength: 64n, row: row('SHA512-RSAPSS', 'RSA', 'sha512', true) }],
]);

const byName: ReadonlyMap<string, Row> = new Map(
  [...algorithms.values(), ...[...pssByHash.values()].map((pss) => pss.row)].map((each) => [each.name, each]),
);

/** Go's name of the algorithm of an identifier, `unknown` for one that Go does not know. */
export function signatureAlgorithmName(identifier: AlgorithmIdentifier): string {
  if (identifier.algorithm === rsaPss) return pssAlgorithm(identifier.parameters)?.name ?? unknown;
  // RFC 8410 section 3: the parameters must be absent
  if (identifier.algorithm === ed25519 && identifier.parameters.length > 0) return unknown;
  return algorithms.get(identifier.algorithm)?.name ?? unknown;
}

/** All facts about the algorithm with this name; undefined for an unknown one, which verifies nothing. */
export function signatureAlgorithmNamed(name: string): CertificateSignatureAlgorithm | undefined {
  return byName.get(name);
}

/** RSASSA-PSS-params (RFC 4055, 3.1): one hash throughout, a salt as long as it, the usual trailer. */
function pssAlgorithm(parameters: Uint8Array): Row | undefined {
  try {
    return readPssAlgorithm(parameters);
  } catch {
    return undefined;
  }
}

function readPssAlgorithm(parameters: Uint8Array): Row | undefined {
  const problem = 'x509: malformed RSASSA-PSS parameters';
  const reader = new DerReader(parameters).enter(tag.sequence, problem);
  const identifierAt = (number: number) => readIdentifier(reader.enter(contextConstructedTag(number), problem));
  const hash = identifierAt(0);
  const maskGeneration = identifierAt(1);
  const saltLength = reader.enter(contextConstructedTag(2), problem).integer(problem);
  const trailer = reader.enterOptional(contextConstructedTag(3), problem)?.integer(problem) ?? 1n;
  const maskHash = readIdentifier(new DerReader(maskGeneration.parameters));

  const known = pssByHash.get(hash.algorithm);
  if (known === undefined) return undefined;
  const consistent =
    maskGeneration.algorithm === mgf1 &&
    maskHash.algorithm === hash.algorithm &&
    [hash, maskHash].every(hasNoParameters) &&
    saltLength === known.saltLength &&
    trailer === 1n;
  return consistent ? known.row : undefined;
}

function readIdentifier(reader: DerReader): AlgorithmIdentifier {
  return parseAlgorithmIdentifier(reader.content(tag.sequence, 'x509: malformed algorithm identifier'));
}

function hasNoParameters({ parameters }: AlgorithmIdentifier): boolean {
  return parameters.length === 0 || equalBytes(parameters, Uint8Array.of(tag.null, 0));
}
