// The API's own description, shown and tried out. Nothing is fetched from anywhere else, and every text is set as
// text, never as HTML.
const api = await (await fetch("openapi.json")).json();
let csrf = "";

const make = (tag, text = "", ...children) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
};

const resolved = (schema, depth = 0) => {
  if (!schema || depth > 4) return {};
  if (schema.$ref) return resolved(api.components.schemas[schema.$ref.split("/").pop()], depth + 1);
  const choice = (schema.anyOf || schema.oneOf || []).find((one) => one.type !== "null");
  return choice ? resolved(choice, depth + 1) : schema;
};

// What a body may look like: the first value that fits each field.
const example = (schema, depth = 0) => {
  const found = resolved(schema);
  if ("default" in found) return found.default;
  if (found.const !== undefined) return found.const;
  if (found.enum) return found.enum[0];
  if (found.type === "object" || found.properties) {
    const fields = Object.entries(found.properties || {}).slice(0, depth > 2 ? 0 : 40);
    return Object.fromEntries(fields.map(([name, field]) => [name, fieldExample(field, depth + 1)]));
  }
  if (found.type === "array") return depth > 2 ? [] : [example(found.items, depth + 1)];
  return { integer: 0, number: 0, boolean: false }[found.type] ?? found.format ?? "text";
};
const fieldExample = (field, depth) => ("default" in field ? field.default : example(field, depth));

const send = async (method, path, operation, form, output) => {
  const values = new FormData(form);
  const query = new URLSearchParams();
  let address = path;
  for (const parameter of operation.parameters || []) {
    const value = values.get(parameter.name);
    if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(value));
    if (parameter.in === "query" && value) query.set(parameter.name, value);
  }
  const headers = csrf ? { "X-CSRF-Token": csrf } : {};
  if (values.get("idempotency-key")) headers["Idempotency-Key"] = values.get("idempotency-key");
  const file = values.get("file");
  const body = file instanceof File ? file : values.get("body") || undefined;
  if (body && !(file instanceof File)) headers["Content-Type"] = "application/json";
  const answer = await fetch(address + (query.size ? `?${query}` : ""), { method, headers, body });
  const text = await answer.text();
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // a file, or nothing at all: shown as it came
  }
  output.textContent = `${answer.status} ${answer.statusText}\n${shown}`;
};

const field = (parameter) => {
  const input = make("input");
  input.name = parameter.name;
  input.required = Boolean(parameter.required);
  input.placeholder = parameter.description || resolved(parameter.schema).format || "";
  return make("label", "", make("span", parameter.name), input);
};

const tryOut = (method, path, operation) => {
  const form = make("form");
  form.append(...(operation.parameters || []).filter((one) => one.in !== "cookie").map(field));
  const content = operation.requestBody?.content || {};
  if (content["application/json"]) {
    const area = make("textarea", JSON.stringify(example(content["application/json"].schema), null, 2));
    area.name = "body";
    form.append(area);
  } else if (operation.requestBody) {
    const input = make("input");
    Object.assign(input, { type: "file", name: "file", required: true });
    form.append(input);
  }
  const output = make("pre");
  form.append(make("button", "Send"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(method.toUpperCase(), path, operation, form, output);
  });
  const answer = operation.responses["200"] || operation.responses["201"] || operation.responses["202"];
  const schema = answer?.content?.["application/json"]?.schema;
  const parts = [form, output];
  if (schema) parts.push(make("p", "Answers like"), make("pre", JSON.stringify(example(schema), null, 2)));
  return parts;
};

const shown = (method, path, operation) => {
  const role = operation["x-role"] || "everybody";
  const block = make("details", "", make("summary", "", make("b", method), make("code", path), make("small", role)));
  block.dataset.words = `${method} ${path} ${operation.operationId} ${operation.description || ""}`.toLowerCase();
  // What most people never open is made only when they do.
  block.addEventListener("toggle", () => block.append(
    make("p", operation.description || operation.summary), ...tryOut(method, path, operation),
  ), { once: true });
  return block;
};

document.querySelector("#about").textContent = api.info.description;
const groups = new Map();
for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const tag = operation.tags?.[0] || "other";
    if (!groups.has(tag)) groups.set(tag, make("section", "", make("h2", tag.replaceAll("_", " "))));
    groups.get(tag).append(shown(method, path, operation));
  }
}
document.querySelector("main").append(...groups.values());

document.querySelector("#find").addEventListener("input", ({ target }) => {
  const word = target.value.trim().toLowerCase();
  for (const block of document.querySelectorAll("details")) block.hidden = !block.dataset.words.includes(word);
});

document.querySelector("#login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  const answer = await fetch("auth/login", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const told = await answer.json();
  csrf = told.csrf || "";
  form.querySelector("output").textContent = answer.ok ? `${told.name}, ${told.role}` : told.message;
});

const me = await fetch("auth/me");
if (me.ok) csrf = (await me.json()).csrf || "";
