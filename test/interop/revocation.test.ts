// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createHttpClient } from '../../shared/adapters/http.ts';
import { createRevocationSource } from '../../shared/adapters/revocation-http.ts';
import { openTimestampAuthority } from '../../shared/adapters/timestamp-authority.ts';
import { parseTimestampRoot } from '../../shared/timestamp/root-certificate.ts';
import {
  createCertificateAuthority,
  issueCertificate,
  signerOf,
  type TestCertificate,
  type TestSigner,
} from '../fakes/certificate-authority.ts';
import {
  crlDistributionPoints,
  defaultExtensions,
  extendedKeyUsage,
  ocspServers,
} from '../fakes/certificate-extensions.ts';
import { startRevocationResponder, type Reply, type RevocationResponder } from '../fakes/revocation-responder.ts';
import { makeToken, timestampExtensions } from '../fakes/timestamp-token.ts';
import { quietLog } from '../fakes/verification.ts';
import { pushImage, type PushedImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { createNotation, strictPolicy, type Notation } from './support/notation.ts';
import { answerWithOpenssl, makeCrlWithOpenssl, type OpensslOcsp } from './support/openssl-authority.ts';
import { reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';
import { startOpensslTimestampAuthority, timestampRoot } from './support/timestamp-authority.ts';

let registry: RunningRegistry;
let server: RevocationResponder;
beforeAll(async () => {
  registry = await startRegistry('docker-registry');
  server = await startRevocationResponder();
});
afterAll(async () => {
  await server.stop();
  await registry.stop();
});

/** What both must find, in the words of both. */
const verdicts = {
  good: undefined,
  revoked: /with subject "CN=leaf,[^"]*" is revoked/,
  unknown: /with subject "CN=leaf,[^"]*" revocation status is unknown/,
  'issuer revoked': /with subject "CN=[^"]* Intermediate 1,[^"]*" is revoked/,
} as const;
type Verdict = keyof typeof verdicts;

/** The chain that a scenario is about. */
interface Subject {
  readonly leaf: TestCertificate;
  readonly issuer: TestCertificate;
  readonly root: TestCertificate;
}

/** What servers do; the names are the addresses in the leaf, in order. */
interface Scenario {
  readonly verdict: Verdict;
  readonly ocsp?: Readonly<Record<string, (subject: Subject) => Answerer>>;
  readonly crls?: Readonly<Record<string, (subject: Subject) => Answerer>>;
  /** Of the intermediate. */
  readonly issuerCrl?: (subject: Subject) => Answerer;
}

type Answerer = Parameters<RevocationResponder['serve']>[1];

/** Answers that OpenSSL could not give: a scenario would decide by them, and not by what it is about. */
const failures: unknown[] = [];

async function made(body: Promise<Buffer>): Promise<Reply> {
  try {
    return { body: await body };
  } catch (error) {
    failures.push(error);
    throw error;
  }
}

const replying = (reply: Reply) => (): Answerer => reply;
const openssl =
  (answer: (subject: Subject) => Omit<OpensslOcsp, 'issuer'>) =>
  (subject: Subject): Answerer =>
  (request) =>
    made(answerWithOpenssl(request, { issuer: subject.issuer, ...answer(subject) }));
const published =
  (index: (subject: Subject) => OpensslOcsp['index'], options?: string[]) =>
  (subject: Subject): Answerer =>
  () =>
    made(makeCrlWithOpenssl({ issuer: subject.issuer, index: index(subject) }, options));

const valid = ({ leaf }: Subject) => [{ certificate: leaf }];
const revokedFor =
  (reason: string) =>
  ({ leaf }: Subject) => [{ certificate: leaf, revoked: reason }];
const delegated = ({ issuer }: Subject): TestCertificate =>
  issueCertificate('leaf', { subject: 'CN=responder', extensions: [extendedKeyUsage(['OCSPSigning'])] }, issuer);
const undelegated = ({ issuer }: Subject): TestCertificate => issueCertificate('leaf', { subject: 'CN=lax' }, issuer);
const stranger = (): TestCertificate => issueCertificate('leaf', { subject: 'CN=stranger' });
const expired = ['-crl_lastupdate', '20240101000000Z', '-crl_nextupdate', '20240201000000Z'];

const goodOcsp = openssl((subject) => ({ index: valid(subject) }));
const revokedOcsp = openssl((subject) => ({ index: revokedFor('keyCompromise')(subject) }));
const unknownOcsp = openssl(() => ({ index: [] }));
const goodCrl = published(valid);
const revokedCrl = published(revokedFor('keyCompromise'));

const scenarios: Readonly<Record<string, Scenario>> = {
  '[NP-310] OCSP: good': { verdict: 'good', ocsp: { a: goodOcsp } },
  '[NP-310] OCSP: revoked': { verdict: 'revoked', ocsp: { a: revokedOcsp } },
  '[NP-310] OCSP: unknown': { verdict: 'unknown', ocsp: { a: unknownOcsp } },
  'OCSP: good, of a delegated responder': {
    verdict: 'good',
    ocsp: { a: openssl((subject) => ({ index: valid(subject), responder: delegated(subject) })) },
  },
  '[NP-337] OCSP: good, of a responder without the key usage': {
    verdict: 'good',
    ocsp: { a: openssl((subject) => ({ index: valid(subject), responder: undelegated(subject) })) },
  },
  'OCSP: revoked, of a delegated responder': {
    verdict: 'revoked',
    ocsp: { a: openssl((subject) => ({ index: revokedFor('superseded')(subject), responder: delegated(subject) })) },
  },
  'OCSP: good, of a stranger': {
    verdict: 'unknown',
    ocsp: { a: openssl((subject) => ({ index: valid(subject), responder: stranger() })) },
  },
  'OCSP: good, with a copy of the intermediate that signed': {
    verdict: 'unknown',
    ocsp: { a: openssl((subject) => ({ index: valid(subject), embed: true })) },
  },
  '[NP-316] OCSP: good, without nextUpdate': {
    verdict: 'unknown',
    ocsp: { a: openssl((subject) => ({ index: valid(subject), options: [] })) },
  },
  '[NP-316] OCSP: revoked, without nextUpdate': {
    verdict: 'unknown',
    ocsp: { a: openssl((subject) => ({ index: revokedFor('keyCompromise')(subject), options: [] })) },
  },
  'OCSP: good, signed with SHA-512 and identified by its key': {
    verdict: 'good',
    ocsp: {
      a: openssl((subject) => ({ index: valid(subject), options: ['-ndays', '1', '-rmd', 'sha512', '-resp_key_id'] })),
    },
  },
  'OCSP: nobody there': { verdict: 'unknown', ocsp: { a: replying('reset') } },
  '[NP-312] OCSP: slow': { verdict: 'unknown', ocsp: { a: replying('silence') } },
  'OCSP: garbage': { verdict: 'unknown', ocsp: { a: replying({ body: '<html>hello</html>' }) } },
  'OCSP: half an answer': { verdict: 'unknown', ocsp: { a: replying('half') } },
  'OCSP: status 500': { verdict: 'unknown', ocsp: { a: replying({ status: 500 }) } },
  'OCSP: a redirect to the answer': {
    verdict: 'good',
    ocsp: {
      a:
        ({ leaf }) =>
        (request) =>
          moved(request.path, leaf),
      'a-moved': goodOcsp,
    },
  },
  '[NP-314] OCSP: the second responder knows': { verdict: 'good', ocsp: { a: replying({ status: 500 }), b: goodOcsp } },
  'OCSP: the second responder would know': { verdict: 'unknown', ocsp: { a: unknownOcsp, b: goodOcsp } },
  '[NP-311] OCSP unknown, CRL good': { verdict: 'good', ocsp: { a: unknownOcsp }, crls: { c: goodCrl } },
  'OCSP slow, CRL revoked': { verdict: 'revoked', ocsp: { a: replying('silence') }, crls: { c: revokedCrl } },
  'OCSP good, CRL revoked': { verdict: 'good', ocsp: { a: goodOcsp }, crls: { c: revokedCrl } },
  'CRL: good': { verdict: 'good', crls: { c: goodCrl } },
  '[NP-320] CRL: revoked': { verdict: 'revoked', crls: { c: revokedCrl } },
  '[NP-321] CRL: on hold': { verdict: 'revoked', crls: { c: published(revokedFor('certificateHold')) } },
  'CRL: removed': { verdict: 'good', crls: { c: published(revokedFor('removeFromCRL')) } },
  '[NP-322] CRL: expired': { verdict: 'unknown', crls: { c: published(valid, expired) } },
  '[NP-322] CRL: revoked, but expired': {
    verdict: 'unknown',
    crls: { c: published(revokedFor('keyCompromise'), expired) },
  },
  '[NP-323] CRL: of another issuer': {
    verdict: 'unknown',
    crls: { c: ({ leaf, root }) => published(valid)({ leaf, issuer: root, root }) },
  },
  'CRL: nobody there': { verdict: 'unknown', crls: { c: replying('reset') } },
  'CRL: slow': { verdict: 'unknown', crls: { c: replying('silence') } },
  'CRL: garbage': { verdict: 'unknown', crls: { c: replying({ body: '<html>hello</html>' }) } },
  'CRL: not found': { verdict: 'unknown', crls: { c: replying({ status: 404 }) } },
  '[NP-326] CRL: the second is not found': {
    verdict: 'unknown',
    crls: { c: goodCrl, d: replying({ status: 404 }) },
  },
  '[NP-327] CRL: the first revokes, the second is not found': {
    verdict: 'revoked',
    crls: { c: revokedCrl, d: replying({ status: 404 }) },
  },
  '[NP-334] CRL: the intermediate is revoked, the leaf unknown': {
    verdict: 'issuer revoked',
    crls: { c: replying({ status: 404 }) },
    issuerCrl: ({ leaf, issuer, root }) =>
      published(() => [{ certificate: issuer, revoked: 'cACompromise' }])({ leaf, issuer: root, root }),
  },
  '[NP-334] CRL: both are revoked': {
    verdict: 'revoked',
    crls: { c: revokedCrl },
    issuerCrl: ({ leaf, issuer, root }) =>
      published(() => [{ certificate: issuer, revoked: 'cACompromise' }])({ leaf, issuer: root, root }),
  },
};

function moved(path: string, { certificate }: TestCertificate): Reply {
  const name = /^\/([^/]*)/.exec(path)?.[1] ?? '';
  expect(certificate.ocspServers.some((address) => address.endsWith(`/${name}`))).toBe(true);
  return { status: 302, headers: { location: path.replace(name, `${name}-moved`) } };
}

let numbered = 0;

/** A chain whose servers do what a scenario says. */
function createSigner(scenario: Scenario, extensions: readonly Uint8Array[]): TestSigner {
  const prefix = `s${++numbered}-`;
  const address = (name: string): string => `${server.origin}/${prefix}${name}`;
  const issuerExtensions = scenario.issuerCrl === undefined ? [] : [crlDistributionPoints(address('issuer'))];
  const authority = createCertificateAuthority({
    name: `scenario ${numbered}`,
    intermediate: { extensions: [...defaultExtensions.ca, ...issuerExtensions] },
  });
  const { ocsp = {}, crls = {} } = scenario;
  const named = Object.keys(ocsp).filter((name) => !name.endsWith('-moved'));
  const addresses = [
    ...(named.length === 0 ? [] : [ocspServers(...named.map(address))]),
    ...(scenario.crls === undefined ? [] : [crlDistributionPoints(...Object.keys(crls).map(address))]),
  ];
  const issuer = authority.intermediates[0] ?? authority.root;
  const subject = `C=US,O=scenario ${numbered},CN=leaf`;
  const leaf = issueCertificate('leaf', { subject, extensions: [...extensions, ...addresses] }, issuer);
  const about = { leaf, issuer, root: authority.root };
  for (const [name, make] of Object.entries({ ...ocsp, ...crls })) server.serve(prefix + name, make(about));
  if (scenario.issuerCrl !== undefined) server.serve(`${prefix}issuer`, scenario.issuerCrl(about));
  return signerOf([leaf, ...authority.intermediates, authority.root]);
}

function writeKey({ privateKeyPem, chainPem, chain }: TestSigner) {
  const folder = mkdtempSync(join(tmpdir(), 'revocation-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  return {
    privateKey: write('leaf.key', privateKeyPem),
    certificateChain: write('chain.pem', chainPem),
    root: write('root.crt', chain.at(-1)?.pem ?? ''),
  };
}

async function expectBoth(image: PushedImage, trust: Notation, verdict: Verdict): Promise<void> {
  const theirs = await trust.run('verify', '-d', image.reference);
  const ours = await verifyWithUs(image, trust);
  expect(failures).toEqual([]);
  const reason = verdicts[verdict];
  if (reason === undefined) {
    expect(reasons(ours)).toBe('');
    expect(theirs.status, theirs.stderr).toBe(0);
    return;
  }
  expect(reasons(ours)).toMatch(reason);
  expect(theirs.status).toBe(1);
  expect(theirs.stderr.replaceAll('\\"', '"')).toMatch(reason);
}

function trusting(root: string, trustPolicy: unknown = strictPolicy): Notation {
  const notation = createNotation({ trusted: [root], trustPolicy });
  onTestFinished(() => {
    notation.remove();
  });
  return notation;
}

describe.each(Object.entries(scenarios))('%s', (_, scenario) => {
  it('decides alike at a code-signing chain', async () => {
    const key = writeKey(createSigner(scenario, defaultExtensions.leaf));
    const image = await pushImage(registry.host, `revocation/signing-${numbered}`);
    await signWithUs(image, { key, format: 'jws' });
    await expectBoth(image, trusting(key.root), scenario.verdict);
  });

  it('decides alike at the chain of a timestamp authority', async () => {
    const authority = createSigner(scenario, timestampExtensions);
    const signing = signingKey('p256');
    const trustPolicies = strictPolicy.trustPolicies.map((statement) => ({
      ...statement,
      trustStores: [...statement.trustStores, 'tsa:clocks'],
    }));
    const notation = trusting(signing.root, { ...strictPolicy, trustPolicies });
    const folder = join(notation.trustStore, 'x509/tsa/clocks');
    mkdirSync(folder, { recursive: true });
    copyFileSync(writeKey(authority).root, join(folder, 'root.crt'));
    const genTime = new Date().toISOString().replaceAll(/[-:T]|\.\d+/g, '');
    const timestamper = {
      timestamp: (message: Uint8Array) => Promise.resolve(makeToken({ message, signer: authority, genTime })),
    };
    const image = await pushImage(registry.host, `revocation/timestamp-${numbered}`);
    await signWithUs(image, { key: signing, format: 'cose', timestamper });
    await expectBoth(image, notation, scenario.verdict);
  });
});

it('[KEY-107] signs and verifies with a TSA, an OCSP responder and a CRL of OpenSSL at once', async () => {
  const issuerCrl = ({ leaf, issuer, root }: Subject): Answerer =>
    published(() => [{ certificate: issuer }])({ leaf, issuer: root, root });
  const key = writeKey(createSigner({ verdict: 'good', ocsp: { a: goodOcsp }, issuerCrl }, defaultExtensions.leaf));
  const tsa = await startOpensslTimestampAuthority();
  onTestFinished(() => tsa.stop());
  const [statement] = strictPolicy.trustPolicies;
  const trustStores = ['ca:interop', 'tsa:clocks'];
  const signatureVerification = { level: 'strict', verifyTimestamp: 'always' };
  const trustPolicy = { ...strictPolicy, trustPolicies: [{ ...statement, trustStores, signatureVerification }] };
  const notation = createNotation({ trusted: [key.root], timestampRoots: [timestampRoot], trustPolicy });
  onTestFinished(() => {
    notation.remove();
  });
  const http = createHttpClient({ userAgent: 'interop/1', environment: {} });
  onTestFinished(() => http.close());
  const [clock, log] = [{ now: () => new Date() }, quietLog];
  const timestamper = openTimestampAuthority({
    ...{ urls: [new URL(tsa.url)], http, clock, log },
    root: parseTimestampRoot(readFileSync(timestampRoot), timestampRoot),
    revocation: createRevocationSource({ http, clock, log }),
  });
  const image = await pushImage(registry.host, 'revocation/everything');
  const record = await signWithUs(image, { key, format: 'cose', timestamper });
  expect(record.timestamped).toBe(true);
  expect(tsa.answered).toBe(1);
  await expectBoth(image, notation, 'good');
});
