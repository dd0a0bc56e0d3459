# The gateway as an image: not root, no shell script at start, nothing written but /var/lib/ferry (run it --read-only).
# The Node version is the one the workspace pins.
FROM node:26.10.0-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN scripts/package-server.sh /opt/ferry

FROM node:26.10.0-bookworm-slim
COPY --from=build /opt/ferry /opt/ferry
RUN install -d -o node -g node -m 700 /var/lib/ferry && ln -s /opt/ferry/dist/main.js /usr/local/bin/ferry
USER node
WORKDIR /var/lib/ferry
# Any address but loopback makes Ferry refuse to start without keys: see docs/operations.md.
ENV NODE_ENV=production \
    FERRY_SERVER__HOST=0.0.0.0 \
    FERRY_SERVER__DATA_DIR=/var/lib/ferry
VOLUME /var/lib/ferry
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["ferry", "health"]
ENTRYPOINT ["node", "--enable-source-maps", "/opt/ferry/dist/main.js"]
