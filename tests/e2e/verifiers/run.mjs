// Runs the Node.js snippet of docs/APPLICATIONS.md: node run.mjs SNIPPET. Each line of standard input
// is the headers of a request, each line of standard output what the snippet says of it.
import dns from "node:dns";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// Names under localhost, which the system does not resolve.
const { lookup } = dns;
dns.lookup = (host, ...rest) => lookup(host.endsWith(".localhost") ? "127.0.0.1" : host, ...rest);

const { userOf } = await import(pathToFileURL(process.argv[2]));
for await (const line of createInterface({ input: process.stdin })) {
  let result;
  try {
    result = { user: await userOf(JSON.parse(line)) };
  } catch (error) {
    result = { error: [error.code, error.claim, error.message].filter(Boolean).join(" ") };
  }
  console.log(JSON.stringify(result));
}
