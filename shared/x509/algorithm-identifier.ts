// SPDX-License-Identifier: Apache-2.0
import { DerReader } from '../primitives/asn1.ts';

/** AlgorithmIdentifier (RFC 5280, 4.1.1.2). */
export interface AlgorithmIdentifier {
  /** Dotted. */
  readonly algorithm: string;
  /** The encoded parameters; empty without any. */
  readonly parameters: Uint8Array;
}

/** Reads the content of an AlgorithmIdentifier; like Go it does not look beyond the parameters. */
export function parseAlgorithmIdentifier(content: Uint8Array): AlgorithmIdentifier {
  const reader = new DerReader(content);
  const algorithm = reader.objectIdentifier('x509: malformed OID');
  const parameters = reader.empty ? new Uint8Array() : reader.any('x509: malformed parameters').encoded;
  return { algorithm, parameters };
}
