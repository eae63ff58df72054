// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { formatRfc3339 } from '../primitives/go-time.ts';
import { findRevocation, validateCrlBundle, type CrlBundle } from './crl.ts';
import { evaluateOcsp, ocspProblem, type OcspAnswer } from './ocsp.ts';
import { encodeOcspRequest, ocspHttpRequest, type OcspHttpRequest } from './ocsp-request.ts';
import type { RevocationListEntry } from './revocation-list.ts';
import type { RevocationQuestion } from './revocation-question.ts';
import { parseServerUrl } from './server-url.ts';
import type { CertificateRevocation, RevocationCheck } from './status.ts';

/** Responders and CRLs as bytes. What was kept is judged again whenever it is used, so nothing kept need be trusted. */
export interface RevocationServers {
  /** The body of an answer of status 200. Throws a NotaryError in the reference's words. */
  askResponder(request: OcspHttpRequest): Promise<Uint8Array>;
  keptAnswer(request: OcspHttpRequest): Uint8Array | undefined;
  keepAnswer(request: OcspHttpRequest, body: Uint8Array): void;
  /** A CRL with its delta. Throws a NotaryError in the reference's words. */
  downloadCrl(address: string): Promise<CrlBundle>;
  /** Never throws: what cannot be read was not kept. */
  keptCrl(address: string): Promise<CrlBundle | undefined>;
  /** Never throws. */
  keepCrl(address: string, bundle: CrlBundle): Promise<void>;
}

/** Addresses that are tried per certificate and method: real ones have one or two, each can cost seconds. */
const maxServers = 16;

/**
 * The status of a certificate in the reference's order (section 10.1): OCSP where the certificate names a responder, CRLs
 * where it names none or none could tell. Never throws for what servers do: that is `unknown`.
 */
export async function checkCertificate(
  question: RevocationQuestion,
  servers: RevocationServers,
): Promise<CertificateRevocation> {
  const { subject, ocspServers, crlDistributionPoints } = question.certificate;
  const asked = ocspServers.length === 0 ? [] : await askResponders(question, servers);
  const undecided = asked.at(-1)?.result === 'unknown' || asked.length === 0;
  const read = crlDistributionPoints.length > 0 && undecided ? await readCrls(question, servers) : [];
  const checks = [...asked, ...read];
  const last = checks.at(-1);
  if (last === undefined) {
    return {
      subject,
      status: 'not-revokable',
      reason: 'the certificate names neither an OCSP responder nor a CRL',
      checks,
    };
  }
  const reason = reasonOf(last, checks);
  return { subject, status: last.result, ...(reason === undefined ? {} : { reason }), checks };
}

function reasonOf(last: RevocationCheck, checks: readonly RevocationCheck[]): string | undefined {
  if (last.result !== 'unknown') return last.error;
  const failed = checks.filter(({ result }) => result === 'unknown');
  return failed.map(({ method, server, error = '' }) => (method === 'ocsp' ? `${server}: ${error}` : error)).join('; ');
}

/** The first responder that knows a status, or says that it does not, decides; else the last counts. */
async function askResponders(question: RevocationQuestion, servers: RevocationServers): Promise<RevocationCheck[]> {
  const request = await encodeOcspRequest(question.certificate, question.issuer);
  const checks: RevocationCheck[] = [];
  for (const server of question.certificate.ocspServers.slice(0, maxServers)) {
    const { decided, ...answer } = await askResponder(server, request, question, servers);
    checks.push({ method: 'ocsp', server, ...answer });
    if (decided) break;
  }
  return checks;
}

type Answer = OcspAnswer & Pick<RevocationCheck, 'cached'>;

async function askResponder(
  server: string,
  encoded: Uint8Array,
  question: RevocationQuestion,
  servers: RevocationServers,
): Promise<Answer> {
  const address = parseServerUrl(server);
  if ('unsupported' in address) {
    return undecided(ocspProblem(`OCSPServer protocol ${address.unsupported} is not supported`));
  }
  const request = ocspHttpRequest(address.url, encoded);
  const kept = servers.keptAnswer(request);
  const known = kept && evaluateOcsp(kept, question);
  if (known !== undefined && known.result !== 'unknown') return { ...known, cached: true };
  try {
    const body = await servers.askResponder(request);
    const answer = evaluateOcsp(body, question);
    if (answer.result !== 'unknown') servers.keepAnswer(request, body);
    return answer;
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    return undecided(error.message);
  }
}

function undecided(error: string): OcspAnswer {
  return { result: 'unknown', error, decided: false };
}

/** All CRLs must be had, because each may be of other reasons; the first that revokes, or cannot be used, decides. */
async function readCrls(question: RevocationQuestion, servers: RevocationServers): Promise<RevocationCheck[]> {
  const addresses = question.certificate.crlDistributionPoints;
  const checks: RevocationCheck[] = [];
  for (const address of addresses.slice(0, maxServers)) {
    const check = await readCrl(address, question, servers);
    checks.push(check);
    if (check.result !== 'good') return checks;
  }
  const left = addresses.slice(maxServers)[0];
  if (left === undefined) return checks;
  const error = `the certificate names more than ${maxServers} CRLs`;
  return [...checks, { method: 'crl', server: left, result: 'unknown', error }];
}

async function readCrl(
  server: string,
  question: RevocationQuestion,
  servers: RevocationServers,
): Promise<RevocationCheck> {
  const named = { method: 'crl', server } as const;
  try {
    const { bundle, cached } = await usableBundle(server, question, servers);
    const source = { ...named, ...validityOf(bundle), ...(cached ? { cached } : {}) };
    const entry = told(`failed to check revocation status from ${server}`, () => findRevocation(bundle, question));
    return entry === undefined
      ? { ...source, result: 'good' }
      : { ...source, result: 'revoked', error: revoked(entry) };
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    return { ...named, result: 'unknown', error: error.message };
  }
}

/** The bundle that was kept, if it is still good for this certificate; else a new one, kept once it has been validated. */
async function usableBundle(
  server: string,
  question: RevocationQuestion,
  servers: RevocationServers,
): Promise<{ bundle: CrlBundle; cached: boolean }> {
  const kept = await servers.keptCrl(server);
  if (kept !== undefined && isValid(kept, question)) return { bundle: kept, cached: true };
  const bundle = await servers.downloadCrl(server);
  told(`failed to validate CRL from ${server}`, () => {
    validateCrlBundle(bundle, question);
  });
  await servers.keepCrl(server, bundle);
  return { bundle, cached: false };
}

function isValid(bundle: CrlBundle, question: RevocationQuestion): boolean {
  try {
    validateCrlBundle(bundle, question);
    return true;
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    return false;
  }
}

function validityOf({ base, delta }: CrlBundle): Pick<RevocationCheck, 'nextUpdate'> {
  const times = [base.nextUpdate, delta?.nextUpdate].flatMap((time) => (time === undefined ? [] : [time.getTime()]));
  return { nextUpdate: formatRfc3339(new Date(Math.min(...times))) };
}

/** RFC 5280, 5.3.1. */
const reasons: ReadonlyMap<bigint, string> = new Map([
  [1n, 'keyCompromise'],
  [2n, 'cACompromise'],
  [3n, 'affiliationChanged'],
  [4n, 'superseded'],
  [5n, 'cessationOfOperation'],
  [6n, 'certificateHold'],
  [9n, 'privilegeWithdrawn'],
  [10n, 'aACompromise'],
]);

function revoked({ revocationDate, reasonCode }: RevocationListEntry): string {
  const reason = reasons.get(reasonCode);
  const why = reason === undefined ? '' : `, reason ${reason}`;
  return `certificate is revoked via CRL since ${formatRfc3339(revocationDate)}${why}`;
}

function told<T>(problem: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    throw new NotaryError(error.code, `${problem}: ${error.message}`, { cause: error });
  }
}
