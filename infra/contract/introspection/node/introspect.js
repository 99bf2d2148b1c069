// Does what the lines of standard input say with openid-client, which finds the endpoints in the metadata, and prints a line for each:
// "introspect TOKEN" or "revoke TOKEN". METHOD is ClientSecretBasic or ClientSecretPost.

import { createInterface } from "node:readline";
import * as client from "openid-client";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, METHOD } = process.env;
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, client[METHOD](CLIENT_SECRET), {
  execute: [client.allowInsecureRequests],
});

async function answer(what, token) {
  if (what === "revoke") {
    await client.tokenRevocation(config, token);
    return "revoked";
  }
  const found = await client.tokenIntrospection(config, token, { token_type_hint: "access_token" });
  if (!found.active) {
    return "inactive";
  }
  const scopes = (found.scope ?? "").split(" ").sort();
  return ["active", found.sub, found.username, ...scopes].join(" ").trim();
}

for await (const line of createInterface({ input: process.stdin })) {
  const [what, token] = line.split(" ");
  console.log(await answer(what, token).catch((error) => `error ${error.message}`));
}
