// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { manifestTypes } from '../../shared/oci/manifest.ts';
import { type Digest, digestOf } from '../../shared/primitives/digest.ts';

const refName = 'org.opencontainers.image.ref.name';

/** An OCI image layout in a folder of its own, written without anything of the product. */
export class TestLayout {
  readonly parent = mkdtempSync(join(tmpdir(), 'layout-'));
  readonly path: string;
  /** The image with the tag v1. */
  readonly image: Descriptor;

  constructor(name = 'app') {
    this.path = join(this.parent, name);
    mkdirSync(join(this.path, 'blobs/sha256'), { recursive: true });
    this.write('oci-layout', '{"imageLayoutVersion":"1.0.0"}');
    this.writeIndex([]);
    this.image = this.addImage('v1', 'v1');
  }

  /** Stores an image whose digest follows from a text, with an entry, perhaps with a tag. */
  addImage(text: string, tag?: string): Descriptor {
    const config = this.putBlob('application/vnd.oci.image.config.v1+json', `{"image":${JSON.stringify(text)}}`);
    const image = this.putManifest({ config, layers: [] });
    this.addEntry(tag === undefined ? image : { ...image, annotations: { [refName]: tag } });
    return image;
  }

  putBlob(mediaType: string, content: string | Uint8Array): Descriptor {
    const bytes = Buffer.from(content);
    const digest = digestOf(bytes);
    this.write(`blobs/${digest.replace(':', '/')}`, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** Stores a manifest with these members, without an entry. */
  putManifest(members: Readonly<Record<string, unknown>>, mediaType: string = manifestTypes.image): Descriptor {
    return this.putBlob(mediaType, JSON.stringify({ schemaVersion: 2, mediaType, ...members }));
  }

  addEntry(entry: Descriptor): void {
    this.writeIndex([...this.entries(), entry]);
  }

  entries(): Descriptor[] {
    return (JSON.parse(this.read('index.json')) as { manifests: Descriptor[] }).manifests;
  }

  writeIndex(manifests: readonly unknown[], members: Readonly<Record<string, unknown>> = {}): void {
    this.write('index.json', JSON.stringify({ schemaVersion: 2, ...members, manifests }));
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    writeFileSync(join(this.path, path), content);
  }

  read(path: string): string {
    return readFileSync(join(this.path, path), 'utf8');
  }

  blob(digest: Digest): Buffer {
    return readFileSync(this.blobFile(digest));
  }

  blobFile(digest: Digest): string {
    return join(this.path, 'blobs', digest.replace(':', '/'));
  }

  /** Every file with its content, to see that nothing has changed. */
  snapshot(): Record<string, string> {
    const names = readdirSync(this.path, { recursive: true, encoding: 'utf8' }).sort();
    return Object.fromEntries(
      names
        .filter((name) => statSync(join(this.path, name)).isFile())
        .map((name) => [name, readFileSync(join(this.path, name), 'latin1')]),
    );
  }

  remove(): void {
    rmSync(this.parent, { recursive: true, force: true });
  }
}
