// A body of which nobody knows whether it comes: the response may be one to HEAD (RFC 9110 §9.3.2), whose request was not seen.
import { describe, expect, it } from "vitest";
import type { ResponseHead } from "../../src/http/index.ts";
import { live } from "./talk.ts";

describe("a body of which nobody knows whether it comes", () => {
  const unsure = (...pushes: string[]) => {
    const { parser, heard, push } = live("response", () => "unsure" as never);
    const ahead = pushes.map((text) => {
      push(text);
      return parser.skippable;
    });
    return { heard, ahead, statuses: () => heard.heads.map((head) => (head as ResponseHead).status) };
  };

  it("is none where a response follows the head", () => {
    const { heard, ahead, statuses } = unsure(
      "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n",
      "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
    );
    expect(statuses()).toEqual([200, 401]);
    expect(heard.events).toEqual(["39 whole", "38 whole"]);
    expect(ahead).toEqual([0, 0]);
  });

  it("is one where anything else follows, and a response inside it is none", () => {
    const { heard, ahead, statuses } = unsure(
      "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n",
      "ab",
      "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
    );
    expect(statuses()).toEqual([200]);
    expect(heard.events).toEqual(["79 whole"]);
    expect(ahead).toEqual([0, 38, 0]);
  });

  it("is not waited for where its length is 0", () => {
    const { heard } = unsure("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 401 No\r\n\r\n");
    expect(heard.events).toEqual(["38 whole"]);
    expect(heard.heads).toHaveLength(2);
  });
});
