// Builds the image without a Docker engine, as root, with Debian's buildah: node tools/build/image.ts
//
// It uses the Dockerfile that ships, on a base image of the few libraries that the executable needs from this machine. The result is
// dist/tracemesh-image.tar, an OCI archive.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { requireProgram } from "../programs.ts";
import { buildRoot, librariesOf } from "./root.ts";

const REPOSITORY = resolve(import.meta.dirname, "../..");

/** The archive that buildImage writes. */
export const IMAGE_ARCHIVE = join(REPOSITORY, "dist/tracemesh-image.tar");

/** What to do if a program for images is missing. */
export const CONTAINERS_ADVICE =
  "images are made and run without a Docker engine. Debian or Ubuntu: sudo apt-get install buildah podman runc.";

/** Builds the image into IMAGE_ARCHIVE. Resolves to its name. */
export async function buildImage(): Promise<string> {
  requireProgram("buildah", "buildah", CONTAINERS_ADVICE);
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as { version: string };
  const name = `tracemesh:${version}`;
  const root = await buildRoot();
  const work = mkdtempSync(join(tmpdir(), "tracemesh-image-"));
  try {
    const storage = ["--root", join(work, "root"), "--runroot", join(work, "run"), "--storage-driver", "vfs"];
    const buildah = (...args: string[]) =>
      execFileSync("buildah", [...storage, ...args], { cwd: REPOSITORY, stdio: ["ignore", "ignore", "inherit"] });
    layOutBase(join(work, "base"), join(root, "usr/bin/tracemesh"));
    buildah("bud", "--isolation", "chroot", "--tag", "tracemesh-base", join(work, "base"));
    const args = ["BASE=localhost/tracemesh-base", "PROGRAM=prebuilt"].flatMap((arg) => ["--build-arg", arg]);
    buildah("bud", "--isolation", "chroot", ...args, "--tag", name, ".");
    rmSync(IMAGE_ARCHIVE, { force: true });
    buildah("push", name, `oci-archive:${IMAGE_ARCHIVE}:${name}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return name;
}

/** Writes the build context of a base image: C libraries, certificates, a user, and no shell. */
function layOutBase(folder: string, executable: string): void {
  const place = (from: string, to: string) => {
    mkdirSync(dirname(join(folder, "root", to)), { recursive: true });
    copyFileSync(from, join(folder, "root", to));
  };
  const loader = /interpreter: (\S+)\]/.exec(execFileSync("readelf", ["-l", executable], { encoding: "utf8" }))?.[1];
  if (loader === undefined) throw new Error(`${executable} names no loader`);
  place(loader, loader);
  for (const { path } of librariesOf(executable)) place(path, path);
  place("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt");
  writeFileSync(join(folder, "root/etc/passwd"), "nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n");
  writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY root /\n");
}

if (import.meta.main) console.log(`${await buildImage()} is in ${IMAGE_ARCHIVE}`);
