// SPDX-License-Identifier: Apache-2.0
import { type EnvelopeFormat, envelopeMediaTypes } from '../../shared/envelope/content.ts';
import type { Blob, BlobSignature, WrittenSignature } from '../../shared/ports.ts';
import { type DigestAlgorithm, digestOf } from '../../shared/primitives/digest.ts';

/** A file in memory with its signature files. */
export class MemoryBlob implements Blob {
  readonly name = 'app.zip';
  readonly signatureFiles = ['app.zip.jws.sig', 'app.zip.cose.sig'];
  readonly signatures = new Map<string, BlobSignature>();
  content: Uint8Array;

  constructor(content = 'content') {
    this.content = Buffer.from(content);
  }

  describe(algorithm: DigestAlgorithm) {
    return Promise.resolve({ digest: digestOf(this.content, algorithm), size: this.content.length });
  }

  readSignatures(): Promise<readonly BlobSignature[]> {
    const found = this.signatureFiles.map((file) => this.signatures.get(file));
    return Promise.resolve(found.filter((signature) => signature !== undefined));
  }

  writeSignature(format: EnvelopeFormat, bytes: Uint8Array): Promise<WrittenSignature> {
    const file = `app.zip.${format}.sig`;
    const replaced = this.signatures.has(file);
    this.signatures.set(file, { file, mediaType: envelopeMediaTypes[format], bytes });
    return Promise.resolve({ file, replaced });
  }
}
