// Secrets in an administrator's rules: what is set, asked for and written into URLs.
import { expect, it } from "vitest";
import { withoutSecrets } from "../../src/policy-trace/hide.ts";

it.each([
  ['set(request.header.Authorization,"Basic c2VjcmV0LXNlY3JldA==")', 'set(request.header.Authorization,"***")'],
  ['request.header.Cookie="sid=hush"', 'request.header.Cookie="***"'],
  ["response.header.Set-Cookie=sid=hush force_deny", "response.header.Set-Cookie=*** force_deny"],
  ['request.header.X-Api-Key="hush"', 'request.header.X-Api-Key="***"'],
  ['set(request.header.X-Note, "Bearer hushhushhush")', 'set(request.header.X-Note, "Bearer ***")'],
  ['url="https://bob:hush@h.example/a?token=hush&b=1" deny', 'url="https://h.example/a?***" deny'],
  ['origin_password("hush")', 'origin_password("***")'],
])("%s", (rule, shown) => {
  expect(withoutSecrets(rule)).toBe(shown);
});

it.each([
  "url.scheme=https url.domain=//news.example.com/ authenticate(domain1) authenticate.force(no) authenticate.mode(proxy-ip)",
  'request.header.User-Agent="Firefox" ALLOW',
  'http.request.version="1.1" condition="basic-clients"',
])("leaves %s as it is", (rule) => expect(withoutSecrets(rule)).toBe(rule));
