// What the Node client of OpenAI does against OPENAI_BASE_URL with OPENAI_API_KEY, printed as one object of JSON.
// CLIENT_MODEL, CLIENT_EMBEDDING and CLIENT_ENDLESS name the models; the last one is left in the middle of its answer.
import OpenAI from "openai";

const model = process.env.CLIENT_MODEL;
const client = new OpenAI({ maxRetries: 0, timeout: 300_000 });
const ask = (content) => [{ role: "user", content }];
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a town",
    parameters: { type: "object", properties: { town: { type: "string" } }, required: ["town"] },
  },
};
const schema = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" } },
  required: ["name", "age"],
  additionalProperties: false,
};

async function listModels() {
  const names = [];
  for await (const one of client.models.list()) names.push(one.id);
  return names;
}

async function chat() {
  const answer = await client.chat.completions.create({ model, messages: ask("Say hello") });
  const { message, finish_reason } = answer.choices[0];
  return { text: message.content, reason: finish_reason, usage: answer.usage, request: Boolean(answer._request_id) };
}

async function stream() {
  const events = await client.chat.completions.create({
    model,
    messages: ask("Say hello"),
    stream: true,
    stream_options: { include_usage: true },
  });
  const found = { text: "", pieces: 0, reason: null, usage: null, told: null };
  for await (const event of events) {
    const choice = event.choices[0];
    if (choice?.delta?.content) {
      found.text += choice.delta.content;
      found.pieces += 1;
    }
    found.reason = choice?.finish_reason ?? found.reason;
    found.usage = event.usage ?? found.usage;
    found.told = event.touchstone ?? found.told;
  }
  return found;
}

async function tools() {
  const asked = ask("What is the weather in Paris?");
  const first = await client.chat.completions.create({
    model,
    messages: asked,
    tools: [weather],
    tool_choice: { type: "function", function: { name: "get_weather" } },
  });
  const { message } = first.choices[0];
  const call = message.tool_calls[0];
  const told = { role: "tool", tool_call_id: call.id, content: "Rain" };
  const second = await client.chat.completions.create({ model, messages: [...asked, message, told], tools: [weather] });
  return {
    name: call.function.name,
    arguments: JSON.parse(call.function.arguments),
    reason: first.choices[0].finish_reason,
    text: second.choices[0].message.content,
  };
}

async function streamTools() {
  const runner = client.chat.completions.stream({
    model,
    messages: ask("What is the weather in Paris?"),
    tools: [weather],
    tool_choice: { type: "function", function: { name: "get_weather" } },
  });
  const { choices } = await runner.finalChatCompletion();
  const call = choices[0].message.tool_calls[0];
  return {
    name: call.function.name,
    arguments: JSON.parse(call.function.arguments),
    reason: choices[0].finish_reason,
    text: null,
  };
}

async function structure() {
  const answer = await client.chat.completions.create({
    model,
    messages: ask("A person, as JSON"),
    response_format: { type: "json_schema", json_schema: { name: "person", strict: true, schema } },
  });
  return JSON.parse(answer.choices[0].message.content);
}

async function embed() {
  const input = ["hello", "good bye", "hello"];
  const answer = await client.embeddings.create({ model: process.env.CLIENT_EMBEDDING, input });
  const vectors = answer.data.map((one) => one.embedding);
  return { count: vectors.length, dimensions: vectors[0].length, first: vectors[0].slice(0, 4), same: String(vectors[0]) === String(vectors[2]) };
}

async function fail(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { kind: error.constructor.name, status: error.status ?? null };
  }
}

const errors = async () => ({
  model: await fail(() => client.chat.completions.create({ model: "no-such-model", messages: ask("x") })),
  key: await fail(() => new OpenAI({ apiKey: "wrong", maxRetries: 0 }).models.list()),
  input: await fail(() => client.chat.completions.create({ model, messages: [] })),
});

async function abort() {
  const events = await client.chat.completions.create({
    model: process.env.CLIENT_ENDLESS,
    messages: ask("Tell me a long story"),
    stream: true,
  });
  let pieces = 0;
  for await (const event of events) {
    if (event.choices[0]?.delta?.content && ++pieces === 2) events.controller.abort();
  }
  return { pieces };
}

const parts = { models: listModels, chat, stream, tools, stream_tools: streamTools, structure, embed, errors, abort };
const found = {};
for (const name of process.argv.slice(2).length ? process.argv.slice(2) : Object.keys(parts)) found[name] = await parts[name]();
console.log(JSON.stringify(found));
