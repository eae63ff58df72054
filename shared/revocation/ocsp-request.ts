// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Certificate } from '../x509/certificate.ts';
import { publicKeyBits } from '../x509/public-key-bits.ts';

/** SHA-1 names the issuer in a request: many responders know no other hash, and nothing rests on its strength. */
const sha1 = '1.3.14.3.2.26';

/** An OCSP request for one certificate: no nonce, not signed (RFC 6960, 4.1; reference section 10.2). */
export async function encodeOcspRequest(certificate: Certificate, issuer: Certificate): Promise<Uint8Array> {
  // Loaded only when a responder is asked.
  const [{ AlgorithmIdentifier, CertID, OCSPRequest, Request, TBSRequest }, { Integer, Null, OctetString }] =
    await Promise.all([import('pkijs'), import('asn1js')]);
  const reqCert = new CertID({
    hashAlgorithm: new AlgorithmIdentifier({ algorithmId: sha1, algorithmParams: new Null() }),
    issuerNameHash: new OctetString({ valueHex: digestOf(issuer.rawSubject) }),
    issuerKeyHash: new OctetString({ valueHex: digestOf(publicKeyBits(issuer)) }),
    serialNumber: Integer.fromBigInt(certificate.serialNumber),
  });
  const tbsRequest = new TBSRequest({ requestList: [new Request({ reqCert })] });
  return new Uint8Array(new OCSPRequest({ tbsRequest }).toSchema(true).toBER());
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha1').update(bytes).digest();
}

/** A request as it goes over HTTP (RFC 6960, A.1): with a body it is a POST, else a GET. */
export interface OcspHttpRequest {
  readonly url: URL;
  readonly body?: Uint8Array;
}

/** From this size on requests are posted (RFC 6960, A.1). */
const maxEncodedSize = 255;

/** A request to a responder; `/`, `+` and `=` of the base64 stay escaped in the path, as in the reference. */
export function ocspHttpRequest(server: URL, request: Uint8Array): OcspHttpRequest {
  const encoded = encodeURIComponent(Buffer.from(request).toString('base64'));
  // escapes only lengthen: one comparison serves for both lengths that the reference compares
  if (encoded.length >= maxEncodedSize) return { url: server, body: request };
  const url = new URL(server);
  url.pathname = `${url.pathname.replaceAll(/\/+/g, '/').replace(/\/$/, '')}/${encoded}`;
  return { url };
}
