// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  parseCertificate as parse,
  parseChain,
  parseForeignCertificate,
  type CertificateChain,
} from '../../../shared/x509/certificate.ts';
import { validateCodeSigningChain } from '../../../shared/x509/chain.ts';
import {
  createCertificateAuthority,
  createSelfSigned,
  issueCertificate,
  signerOf,
  type CertificateSpec,
  type TestCertificate,
} from '../../fakes/certificate-authority.ts';
import {
  basicConstraints,
  crlDistributionPoints,
  defaultExtensions,
  extendedKeyUsage,
  keyUsage,
  ocspServers,
} from '../../fakes/certificate-extensions.ts';
import { expectError } from '../../support/expect-error.ts';

const authority = createCertificateAuthority();
const [intermediate] = authority.intermediates;
const { root } = authority;
const other = createCertificateAuthority({ name: 'Other' });
const leafName = '"CN=Test Signer,O=Test,ST=WA,C=US"';
const intermediateName = '"CN=Test Intermediate 1,O=Test,ST=WA,C=US"';
const rootName = '"CN=Test Root,O=Test,ST=WA,C=US"';

function chainOf(...certificates: (TestCertificate | undefined)[]): CertificateChain {
  return certificates.map((each) => each?.certificate) as unknown as CertificateChain;
}

function accept(chain: CertificateChain, signingTime?: Date): void {
  expect(() => {
    validateCodeSigningChain(chain, signingTime);
  }).not.toThrow();
}

function refuse(chain: CertificateChain, message: string | RegExp, signingTime?: Date): void {
  expectError(
    () => {
      validateCodeSigningChain(chain, signingTime);
    },
    'chain-invalid',
    message,
  );
}

/** A chain whose leaf has these extensions. */
function leafWith(...extensions: Uint8Array[]): CertificateChain {
  return authority.issue({ extensions }).certificateChain;
}

function chainWith(spec: { root?: CertificateSpec; intermediate?: CertificateSpec }): CertificateChain {
  return createCertificateAuthority(spec).issue().certificateChain;
}

describe('a chain of one certificate', () => {
  it('[NP-137] refuses the empty chain', () => {
    // the type of a chain has no place for it, so it cannot get as far as the rules
    expectError(() => parseChain([]), 'chain-invalid', 'certificate chain must contain at least one certificate');
  });

  it('[SEC-3] refuses more than a hundred certificates, or a megabyte of them, before any is parsed', () => {
    const { der } = createSelfSigned().leaf;
    expect(parseChain(Array.from({ length: 100 }, () => der))).toHaveLength(100);
    const many = Array.from({ length: 101 }, () => new Uint8Array());
    expectError(() => parseChain(many), 'certificate-invalid', /there are more than 100 certificates$/);
    const large = [der, new Uint8Array(1024 * 1024 + 1)];
    expectError(() => parseChain(large), 'certificate-invalid', /more than 1048576 bytes of certificates$/);
    expectError(() => parseForeignCertificate(large[1] ?? der), 'certificate-invalid', /more than 1048576 bytes/);
  });

  it('[NP-138] accepts a self-signed leaf', () => {
    accept(createSelfSigned().certificateChain);
  });

  it('[NP-139] refuses another issuer name', () => {
    refuse(
      createSelfSigned({ subject: 'CN=a', issuer: 'CN=b' }).certificateChain,
      'invalid self-signed certificate. subject: "CN=a". Error: issuer(CN=b) and subject(CN=a) are not the same',
    );
  });

  it('[NP-140] refuses a leaf that another key has signed', () => {
    refuse(
      chainOf(authority.issue().leaf),
      `invalid self-signed certificate. subject: ${leafName}. Error: x509: ECDSA verification failure`,
    );
  });

  it('[NP-141] refuses a CA', () => {
    refuse(
      chainOf(root),
      `invalid self-signed certificate. Error: certificate with subject ${rootName}: if the basic constraints extension is present, the ca field must be set to false`,
    );
  });

  it('[NP-174] accepts a self-signed leaf with SHA-1', () => {
    accept(createSelfSigned({ keyType: 'RSA-2048', signatureAlgorithm: 'SHA1-RSA' }).certificateChain);
  });

  it('refuses MD5 and algorithms that Go does not know', () => {
    const selfSigned = (signatureAlgorithm: 'MD5-RSA' | 'SHA224-RSA' | 'SHA256-RSAPSS-salt20') =>
      createSelfSigned({ keyType: 'RSA-2048', signatureAlgorithm, subject: 'CN=a' }).certificateChain;
    const text = 'invalid self-signed certificate. subject: "CN=a". Error: x509: cannot verify signature:';
    refuse(selfSigned('MD5-RSA'), `${text} insecure algorithm MD5-RSA`);
    refuse(selfSigned('SHA224-RSA'), `${text} algorithm unimplemented`);
    refuse(selfSigned('SHA256-RSAPSS-salt20'), `${text} algorithm unimplemented`);
  });
});

describe('the order of a chain', () => {
  it('[NP-142] accepts leaf, intermediate, root', () => {
    accept(authority.issue().certificateChain);
  });

  it.each(['RSA-2048', 'RSA-3072', 'RSA-4096', 'EC-256', 'EC-384', 'EC-521'] as const)(
    '[NP-142] accepts leaves of key type %s',
    (keyType) => {
      accept(authority.issue({ keyType }).certificateChain);
    },
  );

  it('accepts chains without and with several intermediates', () => {
    accept(createCertificateAuthority({ intermediates: 0 }).issue().certificateChain);
    accept(createCertificateAuthority({ intermediates: 3 }).issue().certificateChain);
  });

  it('[NP-143] refuses the reversed chain, and leaf, root, intermediate', () => {
    const { leaf } = authority.issue();
    refuse(
      chainOf(root, intermediate, leaf),
      `leaf certificate with subject ${rootName} is self-signed. Certificate chain must not contain self-signed leaf certificate`,
    );
    refuse(
      chainOf(leaf, root, intermediate),
      `invalid certificates or certificate with subject ${leafName} is not issued by ${rootName}. Error: x509: ECDSA verification failure`,
    );
  });

  it('[NP-144] refuses a chain without its root', () => {
    refuse(
      chainOf(authority.issue().leaf, intermediate),
      `root certificate with subject ${intermediateName} is invalid or not self-signed. Certificate chain must end with a valid self-signed root certificate. Error: x509: ECDSA verification failure`,
    );
  });

  it('refuses a last certificate that is signed with its own key but names another issuer', () => {
    refuse(
      chainWith({ root: { subject: 'CN=r', issuer: 'CN=x' } }),
      'root certificate with subject "CN=r" is not self-signed. Certificate chain must end with a valid self-signed root certificate',
    );
  });

  it('[NP-145] refuses certificates after the root, and a root of another chain', () => {
    const { leaf } = authority.issue();
    const selfSigned = `intermediate certificate with subject ${rootName} is self-signed. Certificate chain must not contain self-signed intermediate certificate`;
    refuse(chainOf(leaf, intermediate, root, other.root), selfSigned);
    refuse(chainOf(leaf, intermediate, root, intermediate), selfSigned);
    refuse(
      chainOf(leaf, intermediate, other.root),
      `invalid certificates or certificate with subject ${intermediateName} is not issued by "CN=Other Root,O=Other,ST=WA,C=US". Error: x509: ECDSA verification failure`,
    );
  });

  it('[NP-146] refuses the root twice', () => {
    refuse(
      chainOf(authority.issue().leaf, intermediate, root, root),
      /^intermediate certificate with subject .* is self-signed/,
    );
  });

  it('[NP-147] refuses a self-signed CA before another certificate', () => {
    refuse(chainOf(root, other.root), /^leaf certificate with subject .* is self-signed/);
  });

  it('refuses a parent of the right key with another name', () => {
    const renamed = issueCertificate('ca', { subject: 'CN=renamed', keys: root.keys });
    refuse(
      chainOf(authority.issue().leaf, intermediate, renamed),
      `certificate with subject ${intermediateName} is not issued by "CN=renamed"`,
    );
  });
});

describe('the rules for a leaf', () => {
  const subject = `certificate with subject ${leafName}`;

  it('[NP-148] refuses a missing key usage', () => {
    refuse(leafWith(), `${subject}: key usage extension must be present`);
    refuse(leafWith(extendedKeyUsage(['codeSigning'])), `${subject}: key usage extension must be present`);
  });

  it('[NP-149] refuses a key usage that is not critical', () => {
    refuse(
      leafWith(keyUsage(['digitalSignature'], { critical: false })),
      `${subject}: key usage extension must be marked critical`,
    );
  });

  it('[NP-150] refuses a key usage without digitalSignature', () => {
    const message = `the ${subject} is invalid. The key usage must have the bit positions for "Digital Signature" set`;
    refuse(leafWith(keyUsage(['contentCommitment'])), message);
    refuse(leafWith(keyUsage([])), message);
  });

  it('[NP-151] refuses digitalSignature with keyEncipherment', () => {
    refuse(
      leafWith(keyUsage(['digitalSignature', 'keyEncipherment'])),
      `the ${subject} is invalid. The key usage must be "Digital Signature" only, but found "KeyEncipherment"`,
    );
  });

  it('[NP-152] accepts digitalSignature with contentCommitment', () => {
    accept(leafWith(keyUsage(['digitalSignature', 'contentCommitment'])));
  });

  it('[NP-153] names every usage that is too much', () => {
    const message = (names: string) =>
      `the ${subject} is invalid. The key usage must be "Digital Signature" only, but found ${names}`;
    refuse(leafWith(keyUsage(['digitalSignature', 'keyCertSign', 'cRLSign'])), message('"CertSign", "CRLSign"'));
    refuse(
      leafWith(keyUsage(['digitalSignature', 'dataEncipherment', 'keyAgreement', 'encipherOnly', 'decipherOnly'])),
      message('"DataEncipherment", "KeyAgreement", "EncipherOnly", "DecipherOnly"'),
    );
  });

  it('[NP-154] accepts a leaf without extended key usage', () => {
    accept(leafWith(keyUsage(['digitalSignature'])));
  });

  it.each([
    ['[NP-155]', 'codeSigning'],
    ['[NP-158]', 'any'],
    ['[NP-159]', '1.2.3.4.5'],
  ])('%s accepts extended key usage %s', (_, usage) => {
    accept(leafWith(keyUsage(['digitalSignature']), extendedKeyUsage([usage])));
  });

  it('[NP-156] refuses codeSigning with serverAuth', () => {
    refuse(
      leafWith(keyUsage(['digitalSignature']), extendedKeyUsage(['codeSigning', 'serverAuth'])),
      `${subject}: extended key usage must not contain ServerAuth eku`,
    );
  });

  it.each([
    ['clientAuth', 'ClientAuth'],
    ['emailProtection', 'EmailProtection'],
    ['timeStamping', 'Timestamping'],
    ['OCSPSigning', 'OCSPSigning'],
  ])('[NP-157] refuses extended key usage %s', (usage, name) => {
    refuse(
      leafWith(keyUsage(['digitalSignature']), extendedKeyUsage([usage, 'serverAuth'])),
      `${subject}: extended key usage must not contain ${name} eku`,
    );
  });

  it.each([
    ['[NP-160]', 'RSA-1024', 'rsa key size 1024 bits is not supported'],
    ['[NP-161]', 'RSA-5120', 'rsa key size 5120 bits is not supported'],
    ['[NP-162]', 'EC-224', 'ecdsa key size 224 bits is not supported'],
    ['[NP-163]', 'Ed25519', 'unsupported public key type'],
  ] as const)('%s refuses a leaf with key type %s', (_, keyType, message) => {
    refuse(authority.issue({ keyType }).certificateChain, `${subject}: ${message}`);
  });

  it('does not look at revocation addresses and unknown critical extensions', () => {
    accept(
      leafWith(...defaultExtensions.leaf, ocspServers('http://ocsp.test'), crlDistributionPoints('http://crl.test')),
    );
  });
});

describe('the rules for authorities', () => {
  const cannotSign = 'x509: invalid signature: parent certificate cannot sign this kind of certificate';

  it.each(['RSA-1024', 'EC-224', 'Ed25519', 'RSA-2048', 'EC-521'] as const)(
    '[NP-164] accepts authorities of key type %s',
    (keyType) => {
      accept(createCertificateAuthority({ keyType }).issue().certificateChain);
    },
  );

  it.each(['SHA256-RSAPSS', 'SHA384-RSAPSS', 'SHA512-RSAPSS', 'SHA512-RSA'] as const)(
    'accepts certificates signed with %s',
    (signatureAlgorithm) => {
      const signed = { keyType: 'RSA-2048', signatureAlgorithm } as const;
      accept(chainWith({ root: signed, intermediate: signed }));
    },
  );

  it('[NP-165] refuses version 3 authorities without basic constraints', () => {
    const extensions = [keyUsage(['keyCertSign'])];
    refuse(
      chainWith({ intermediate: { extensions } }),
      `invalid certificates or certificate with subject ${leafName} is not issued by ${intermediateName}. Error: ${cannotSign}`,
    );
    refuse(
      chainWith({ root: { extensions } }),
      `invalid certificates or certificate with subject ${intermediateName} is not issued by ${rootName}. Error: ${cannotSign}`,
    );
  });

  it('[NP-165] refuses a version 1 authority', () => {
    refuse(
      chainWith({ intermediate: { version: 1 } }),
      `certificate with subject ${intermediateName}: ca field in basic constraints must be present, critical, and set to true`,
    );
  });

  it('[NP-166] accepts basic constraints that are not critical', () => {
    const extensions = [basicConstraints({ ca: true, critical: false }), keyUsage(['keyCertSign'])];
    accept(chainWith({ root: { extensions }, intermediate: { extensions } }));
  });

  it('[NP-167] refuses authorities without critical key usage', () => {
    const ca = basicConstraints({ ca: true });
    refuse(
      chainWith({ root: { extensions: [ca] } }),
      `certificate with subject ${rootName}: key usage extension must be present`,
    );
    refuse(
      chainWith({ intermediate: { extensions: [ca, keyUsage(['keyCertSign'], { critical: false })] } }),
      `certificate with subject ${intermediateName}: key usage extension must be marked critical`,
    );
  });

  it('[NP-168] refuses an authority that may not sign certificates', () => {
    const extensions = [basicConstraints({ ca: true }), keyUsage(['cRLSign'])];
    refuse(chainWith({ intermediate: { extensions } }), new RegExp(`is not issued by .* Error: ${cannotSign}$`));
  });

  it('refuses an authority whose key usage has no bit, which Go takes for none when it signs', () => {
    const extensions = [basicConstraints({ ca: true }), keyUsage([])];
    refuse(
      chainWith({ intermediate: { extensions } }),
      `certificate with subject ${intermediateName}: key usage must have the bit positions for key cert sign set`,
    );
  });

  it('[NP-169] refuses a chain that is longer than the root allows', () => {
    const extensions = [basicConstraints({ ca: true, pathLength: 0 }), keyUsage(['keyCertSign'])];
    refuse(
      chainWith({ root: { extensions } }),
      `certificate with subject ${rootName}: expected path length of 1 but certificate has path length 0 instead`,
    );
  });

  it('[NP-170] accepts a chain that is as long as the root allows', () => {
    const extensions = (pathLength: number) => [basicConstraints({ ca: true, pathLength }), keyUsage(['keyCertSign'])];
    accept(chainWith({ root: { extensions: extensions(1) }, intermediate: { extensions: extensions(0) } }));
  });

  it('[NP-173] refuses a SHA-1 signature in a chain', () => {
    const intermediateSpec = { keyType: 'RSA-2048', signatureAlgorithm: 'SHA1-RSA' } as const;
    refuse(
      chainWith({ root: { keyType: 'RSA-2048' }, intermediate: intermediateSpec }),
      `invalid certificates or certificate with subject ${intermediateName} is not issued by ${rootName}. Error: x509: cannot verify signature: insecure algorithm SHA1-RSA`,
    );
    refuse(
      chainWith({ root: { keyType: 'RSA-2048', signatureAlgorithm: 'SHA1-RSA' } }),
      /^root certificate with subject .* Error: x509: cannot verify signature: insecure algorithm SHA1-RSA$/,
    );
  });
});

describe('the signing time', () => {
  const period = { notBefore: new Date('2024-06-01T01:02:03Z'), notAfter: new Date('2024-07-01T00:00:00Z') };
  const valid = 'Certificate is valid from [2024-06-01 01:02:03 +0000 UTC] to [2024-07-01 00:00:00 +0000 UTC]';

  it('[NP-171] refuses a signing time before a certificate is valid', () => {
    refuse(
      authority.issue(period).certificateChain,
      `certificate with subject ${leafName} was invalid at signing time of 2024-06-01 01:02:02 +0000 UTC. ${valid}`,
      new Date('2024-06-01T01:02:02Z'),
    );
    refuse(
      createSelfSigned(period).certificateChain,
      /was invalid at signing time of 2024-06-01 01:02:02\.5 \+0000 UTC/,
      new Date('2024-06-01T01:02:02.5Z'),
    );
  });

  it('[NP-172] refuses a signing time after the root has expired', () => {
    refuse(
      chainWith({ root: period }),
      `certificate with subject ${rootName} was invalid at signing time of 2024-07-01 00:00:01 +0000 UTC. ${valid}`,
      new Date('2024-07-01T00:00:01Z'),
    );
  });

  it('accepts both ends of the period, and any period without a signing time', () => {
    const chain = authority.issue(period).certificateChain;
    accept(chain, period.notBefore);
    accept(chain, period.notAfter);
    accept(chain);
  });
});

describe('changed certificates', () => {
  it('refuses every chain in which one byte of the leaf has changed', () => {
    const { leaf, chain } = authority.issue();
    for (let position = 0; position < leaf.der.length; position++) {
      const der = leaf.der.map((byte, index) => (index === position ? byte ^ 0x01 : byte));
      expect(() => {
        const changed = { ...leaf, der, certificate: parse(der) };
        validateCodeSigningChain(signerOf([changed, ...chain.slice(1)]).certificateChain);
      }, `byte ${position}`).toThrow(expect.objectContaining({ name: 'NotaryError' }));
    }
  });
});
