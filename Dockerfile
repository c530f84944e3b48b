# One image for all roles: ROLE in the environment picks one.
#
#   docker build --build-arg BASE=<registry>/distroless/cc-debian12:nonroot -t tracemesh:0.1.0 .
#
# BUILD_BASE needs npm with any Node that it runs on and a C library no newer than BASE's; BASE needs the C and C++ libraries, and nothing else.
ARG BUILD_BASE=node:24-bookworm
ARG BASE=distroless/cc-debian12:nonroot
# Where the program comes from: "build" builds it here; "prebuilt" takes dist/root as `make image` has made it outside.
ARG PROGRAM=build

FROM ${BUILD_BASE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN node_modules/.bin/node tools/build/root.ts

FROM scratch AS prebuilt
COPY dist/root /src/dist/root

FROM ${PROGRAM} AS program

FROM ${BASE}
COPY --from=program /src/dist/root /
# Everywhere in the container; and a folder for SQLite, to be mounted where DATABASE_URL is not set. Nothing else is ever written.
ENV HOST=0.0.0.0 DATA_DIR=/var/lib/tracemesh
# The C library keeps 512 freed pieces of each small size at hand instead of 7: many calls at once free their streams together. In paired
# windows a role takes 0.93 to 0.95 of the CPU time for it, and up to 9 MiB.
ENV GLIBC_TUNABLES=glibc.malloc.tcache_count=512
EXPOSE 8080 8081 8082 8083
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tracemesh"]
