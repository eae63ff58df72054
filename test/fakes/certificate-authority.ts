// SPDX-License-Identifier: Apache-2.0
import { constants, sign, type KeyObject } from 'node:crypto';
import { parseCertificate, type Certificate, type CertificateChain } from '../../shared/x509/certificate.ts';
import { defaultExtensions } from './certificate-extensions.ts';
import { bitString, context, integer, nullValue, oid, sequence, set, text, time } from './der.ts';
import { keysFor, type KeyPair, type TestKeyType } from './keys.ts';

/** A certificate to be made; everything has a default. With the right fields it can be wrong in any way. */
export interface CertificateSpec {
  /** Default: `EC-256`. */
  readonly keyType?: TestKeyType;
  /** Instead of the keys that this process has for key type and subject. */
  readonly keys?: KeyPair;
  /** `CN=a,O=b` in the order of the encoding (no escapes), attributes one by one, or an encoded Name. */
  readonly subject?: string | readonly NameEntry[] | Uint8Array;
  /** Default: the subject of the issuer, or the own one. */
  readonly issuer?: string | readonly NameEntry[] | Uint8Array;
  /** Default: a number made from the subject, so that a specification always gives the same one. */
  readonly serialNumber?: bigint;
  /** Default: 2020-01-01. */
  readonly notBefore?: Date;
  /** Default: 2120-01-01. */
  readonly notAfter?: Date;
  /** Default: 3. */
  readonly version?: 1 | 2 | 3 | 4;
  /** Encoded extensions (see certificate-extensions.ts) instead of those that suit the role. */
  readonly extensions?: readonly Uint8Array[];
  /** Default: SHA-256, 384 or 512 by the issuer's key, PKCS #1 v1.5 for RSA. */
  readonly signatureAlgorithm?: TestSignatureAlgorithm;
  /** Changes the fields of the TBSCertificate before they are signed. */
  readonly editFields?: (fields: Uint8Array[]) => Uint8Array[];
  /** Signs the TBSCertificate; undefined leaves that to the issuer's key. */
  readonly sign?: (tbs: Uint8Array) => Uint8Array | undefined;
  /** Changes the signature. */
  readonly editSignature?: (signature: Uint8Array) => Uint8Array;
}

/** `[type, value, ASN.1 string tag]`; the type is a short name or a dotted OID, the tag is UTF8String by default. */
export type NameEntry = readonly [string, string, number?];

export type TestSignatureAlgorithm = keyof typeof signatureAlgorithms;

/** A certificate with its private key. */
export interface TestCertificate {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly keys: KeyPair;
  /** PKCS #8. */
  readonly privateKeyPem: string;
  /** Encoded Name. */
  readonly subject: Uint8Array;
  /** Parsed on first use; throws if the certificate is not one that may be parsed. */
  readonly certificate: Certificate;
}

/** A signing certificate with everything that a signer needs. */
export interface TestSigner {
  readonly leaf: TestCertificate;
  /** Leaf first. */
  readonly chain: readonly TestCertificate[];
  readonly chainPem: string;
  readonly chainDer: readonly Uint8Array[];
  readonly certificateChain: CertificateChain;
  readonly privateKey: KeyObject;
  /** PKCS #8. */
  readonly privateKeyPem: string;
}

export interface CertificateAuthority {
  readonly root: TestCertificate;
  /** The one that issues leaves first; empty when the root does. */
  readonly intermediates: readonly TestCertificate[];
  /** Issues a code-signing certificate. */
  issue(spec?: CertificateSpec): TestSigner;
}

export interface AuthorityOptions {
  /** Default: 1. */
  readonly intermediates?: number;
  /** Of root and intermediates; default `EC-256`. */
  readonly keyType?: TestKeyType;
  /** Makes authorities different from each other; default `Test`. */
  readonly name?: string;
  readonly root?: CertificateSpec;
  readonly intermediate?: CertificateSpec;
}

/** Makes a root and intermediates, and leaves whenever asked. */
export function createCertificateAuthority(options: AuthorityOptions = {}): CertificateAuthority {
  const { intermediates: count = 1, keyType = 'EC-256', name = 'Test' } = options;
  const subject = (role: string) => `C=US,ST=WA,O=${name},CN=${name} ${role}`;
  const root = issueCertificate('ca', { keyType, subject: subject('Root'), ...options.root });
  const intermediates: TestCertificate[] = [];
  for (let i = 1; i <= count; i++) {
    const spec = { keyType, subject: subject(`Intermediate ${i}`), ...options.intermediate };
    intermediates.unshift(issueCertificate('ca', spec, intermediates[0] ?? root));
  }
  const issue = (spec: CertificateSpec = {}) =>
    signerOf([
      issueCertificate('leaf', { subject: subject('Signer'), ...spec }, intermediates[0] ?? root),
      ...intermediates,
      root,
    ]);
  return { root, intermediates, issue };
}

/** A signing certificate that is its own issuer. */
export function createSelfSigned(spec: CertificateSpec = {}): TestSigner {
  return signerOf([issueCertificate('leaf', spec)]);
}

/** Puts certificates together as they are, leaf first. */
export function signerOf(chain: readonly [TestCertificate, ...TestCertificate[]]): TestSigner {
  const [leaf, ...others] = chain;
  return {
    leaf,
    chain,
    chainPem: chain.map((each) => each.pem).join(''),
    chainDer: chain.map((each) => each.der),
    get certificateChain(): CertificateChain {
      return [leaf.certificate, ...others.map((each) => each.certificate)];
    },
    privateKey: leaf.keys.privateKey,
    privateKeyPem: leaf.privateKeyPem,
  };
}

/** Issues one certificate; without an issuer it is self-signed. */
export function issueCertificate(
  role: 'ca' | 'leaf',
  spec: CertificateSpec = {},
  issuer?: Pick<TestCertificate, 'keys' | 'subject'>,
): TestCertificate {
  const { keyType = 'EC-256', version = 3 } = spec;
  const subject = encodeName(spec.subject ?? `C=US,ST=WA,O=Test,CN=Test ${role}`);
  const keys = spec.keys ?? keysFor(keyType, Buffer.from(subject).toString('hex'));
  const issuerKeys = issuer?.keys ?? keys;
  const algorithm = signatureAlgorithms[spec.signatureAlgorithm ?? usualAlgorithm(issuerKeys.privateKey)];
  const extensions = spec.extensions ?? (version === 3 ? defaultExtensions[role] : []);
  const fields = [
    ...(version === 1 ? [] : [context(0, integer(version - 1))]),
    integer(spec.serialNumber ?? serialNumberFor(subject)),
    algorithm.identifier,
    spec.issuer === undefined ? (issuer?.subject ?? subject) : encodeName(spec.issuer),
    sequence(time(spec.notBefore ?? new Date('2020-01-01')), time(spec.notAfter ?? new Date('2120-01-01'))),
    subject,
    encodePublicKey(keys.publicKey),
    ...(extensions.length === 0 ? [] : [context(3, sequence(...extensions))]),
  ];
  const tbs = sequence(...(spec.editFields?.(fields) ?? fields));
  const signature = spec.sign?.(tbs) ?? algorithm.sign(tbs, issuerKeys.privateKey);
  const der = sequence(tbs, algorithm.identifier, bitString(spec.editSignature?.(signature) ?? signature));
  return testCertificate(der, keys, subject);
}

const encodedKeys = new WeakMap<KeyObject, Uint8Array>();

/** SubjectPublicKeyInfo. */
function encodePublicKey(key: KeyObject): Uint8Array {
  const encoded = encodedKeys.get(key) ?? Uint8Array.from(key.export({ type: 'spki', format: 'der' }));
  encodedKeys.set(key, encoded);
  return encoded;
}

function testCertificate(der: Uint8Array, keys: KeyPair, subject: Uint8Array): TestCertificate {
  let parsed: Certificate | undefined;
  return {
    der,
    get pem(): string {
      return pemOf('CERTIFICATE', der);
    },
    keys,
    get privateKeyPem(): string {
      return keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    },
    subject,
    get certificate(): Certificate {
      return (parsed ??= parseCertificate(der));
    },
  };
}

/** A PEM block. */
export function pemOf(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

const attributeTypes: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  POSTALCODE: '2.5.4.17',
  DC: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
};

/** Encodes a Name with one attribute per RDN. */
export function encodeName(name: string | readonly NameEntry[] | Uint8Array): Uint8Array {
  if (name instanceof Uint8Array) return name;
  const entries: readonly NameEntry[] =
    typeof name === 'string'
      ? name.split(',').map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const)
      : name;
  const rdns = entries.map(([type, value, tag = 0x0c]) =>
    set(sequence(oid(attributeTypes[type] ?? type), text(tag, value))),
  );
  return sequence(...rdns);
}

function serialNumberFor(subject: Uint8Array): bigint {
  return subject.reduce((sum, byte) => (sum * 31n + BigInt(byte)) % 2n ** 61n, 7n);
}

interface Algorithm {
  readonly identifier: Uint8Array;
  sign(data: Uint8Array, key: KeyObject): Uint8Array;
}

function rsa(id: string, hash: string): Algorithm {
  return {
    identifier: sequence(oid(id), nullValue()),
    sign: (data, key) => Uint8Array.from(sign(hash, data, { key, padding: constants.RSA_PKCS1_PADDING })),
  };
}

function pss(hash: 'sha256' | 'sha384' | 'sha512', hashId: string, saltLength: number): Algorithm {
  const hashIdentifier = sequence(oid(hashId), nullValue());
  const mask = sequence(oid('1.2.840.113549.1.1.8'), hashIdentifier);
  const parameters = sequence(context(0, hashIdentifier), context(1, mask), context(2, integer(saltLength)));
  return {
    identifier: sequence(oid('1.2.840.113549.1.1.10'), parameters),
    sign: (data, key) =>
      Uint8Array.from(sign(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })),
  };
}

function ecdsa(id: string, hash: string): Algorithm {
  return { identifier: sequence(oid(id)), sign: (data, key) => Uint8Array.from(sign(hash, data, key)) };
}

const signatureAlgorithms = {
  'MD5-RSA': rsa('1.2.840.113549.1.1.4', 'md5'),
  'SHA1-RSA': rsa('1.2.840.113549.1.1.5', 'sha1'),
  'SHA256-RSA': rsa('1.2.840.113549.1.1.11', 'sha256'),
  'SHA384-RSA': rsa('1.2.840.113549.1.1.12', 'sha384'),
  'SHA512-RSA': rsa('1.2.840.113549.1.1.13', 'sha512'),
  'SHA224-RSA': rsa('1.2.840.113549.1.1.14', 'sha224'),
  'SHA256-RSAPSS': pss('sha256', '2.16.840.1.101.3.4.2.1', 32),
  'SHA384-RSAPSS': pss('sha384', '2.16.840.1.101.3.4.2.2', 48),
  'SHA512-RSAPSS': pss('sha512', '2.16.840.1.101.3.4.2.3', 64),
  'SHA256-RSAPSS-salt20': pss('sha256', '2.16.840.1.101.3.4.2.1', 20),
  'ECDSA-SHA1': ecdsa('1.2.840.10045.4.1', 'sha1'),
  'ECDSA-SHA256': ecdsa('1.2.840.10045.4.3.2', 'sha256'),
  'ECDSA-SHA384': ecdsa('1.2.840.10045.4.3.3', 'sha384'),
  'ECDSA-SHA512': ecdsa('1.2.840.10045.4.3.4', 'sha512'),
  Ed25519: {
    identifier: sequence(oid('1.3.101.112')),
    sign: (data, key) => Uint8Array.from(sign(null, data, key)),
  },
} as const satisfies Readonly<Record<string, Algorithm>>;

/** Signs data; the usual algorithm of a key, or a certain one. */
export function signData(data: Uint8Array, key: KeyObject, algorithm?: TestSignatureAlgorithm) {
  const chosen = signatureAlgorithms[algorithm ?? usualAlgorithm(key)];
  return {
    identifier: chosen.identifier,
    get signature(): Uint8Array {
      return chosen.sign(data, key);
    },
  };
}

function usualAlgorithm(key: KeyObject): TestSignatureAlgorithm {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  if (key.asymmetricKeyType === 'ec') {
    return namedCurve === 'secp384r1' ? 'ECDSA-SHA384' : namedCurve === 'secp521r1' ? 'ECDSA-SHA512' : 'ECDSA-SHA256';
  }
  return modulusLength >= 4096 ? 'SHA512-RSA' : modulusLength >= 3072 ? 'SHA384-RSA' : 'SHA256-RSA';
}
