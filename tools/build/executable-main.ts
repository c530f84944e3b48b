// The executable's main module: runs the bundle inside the executable with the compiled code beside it.
import { Buffer } from "node:buffer";
import { getRawAsset } from "node:sea";
import { createProgram } from "./program.ts";

const asset = (name: string): Buffer => Buffer.from(getRawAsset(name) as ArrayBuffer);

createProgram(asset("bundle").toString("latin1"), asset("compiled-code")).run();
