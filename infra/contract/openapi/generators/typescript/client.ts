// Uses the types that openapi-typescript generates from the OpenAPI document, with openapi-fetch: creates a user and a token,
// reads both, meets an error, and deletes both.
import createClient from "openapi-fetch";
import type { paths } from "./pats.js";

const client = createClient<paths>({
  baseUrl: process.env.PATS_URL,
  headers: { Authorization: process.env.PATS_TOKEN },
});

function check(ok: boolean, what: string, got: unknown): asserts ok {
  if (!ok) {
    throw new Error(`${what}: got ${JSON.stringify(got)}`);
  }
}

async function useUser(username: string) {
  const created = await client.POST("/api/admin/user-admin", { body: { username, rootRole: 3 } });
  const id = created.data?.id;
  check(id !== undefined && created.data?.username === username, "creating a user", created.error);
  const found = await client.GET("/api/admin/user-admin/search", { params: { query: { q: username } } });
  check(found.data?.length === 1 && found.data[0]?.id === id, "searching for the user", found);
  const deleted = await client.DELETE("/api/admin/user-admin/{id}", { params: { path: { id } }, parseAs: "text" });
  check(deleted.response.status === 200, "deleting the user", deleted.error);
  console.log("user: created, found, deleted");
}

async function useToken(description: string) {
  const body = { description, expiresAt: new Date(Date.now() + 3_600_000).toISOString(), scopes: ["pats:read"] };
  const created = await client.POST("/api/admin/user/tokens", { body });
  const id = created.data?.id;
  check(id !== undefined && created.data?.secret !== "" && created.data?.scopes?.[0] === "pats:read", "creating a token", created.error);
  const again = await client.POST("/api/admin/user/tokens", { body });
  check(again.error?.name === "NameExistsError", "creating the token again", again.error);
  const list = await client.GET("/api/admin/user/tokens");
  check(list.data?.pats.at(-1)?.description === description, "listing tokens", list);
  const deleted = await client.DELETE("/api/admin/user/tokens/{id}", {
    params: { path: { id }, query: { descendants: true } },
    parseAs: "text",
  });
  check(deleted.response.status === 200, "deleting the token", deleted.error);
  console.log("token: created, refused, listed, deleted");
}

const name = `typescript-${Date.now()}`;
await useUser(name);
await useToken(name);
