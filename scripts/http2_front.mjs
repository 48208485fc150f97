// HTTP/2 in front of a plain host, for scripts/lighthouse.py: published sites are served so, and over HTTP/1.1 each file
// would cost a connection of its own. node http2_front.mjs KEY CERT http://127.0.0.1:PORT prints its own port.
import http from "node:http";
import http2 from "node:http2";
import { readFileSync } from "node:fs";
const [key, cert, behind] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });
const server = http2.createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) });
server.on("stream", (stream, headers) => {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(":")));
  const ask = http.request(behind + headers[":path"], { method: headers[":method"], headers: kept, agent }, (answer) => {
    const { connection, "keep-alive": alive, ...rest } = answer.headers;
    if (stream.destroyed) return answer.resume();
    stream.respond({ ":status": answer.statusCode, ...rest });
    answer.pipe(stream);
  });
  ask.on("error", () => stream.destroyed || stream.close());
  stream.on("error", () => {});
  stream.pipe(ask);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
