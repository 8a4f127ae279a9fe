// Members in one process, each driven by JSON lines over a connection of their own.
//
// Listens on the socket that its first argument names: who connects is a member with a new device,
// until they hang up. It ends when its standard input does. Nothing is kept on disk.
//
//   to us    {"id": 1, "cmd": "send", "args": {...}}
//   from us  {"id": 1, "ok": ...} | {"id": 1, "error": "..."}
//            {"event": {...}} whenever a timeline event arrives, decrypts or changes
//            {"comparing": {"user", "emoji"}} when the emoji of a verification are shown
//            {"verified": {"user", "emoji"} | {"user", "error"}} when a verification that
//            somebody else requested ends (see `autoverify`)
//            {"broken": "..."} when what was seen could not be told

import { createServer } from "node:net";
import { createInterface } from "node:readline";

import { newMember } from "./member.mjs";

async function run(member, emit, { id, cmd, args = {} }) {
    try {
        if (!Object.hasOwn(member.commands, cmd)) throw new Error(`no command ${cmd}`);
        emit({ id, ok: (await member.commands[cmd](args)) ?? null });
    } catch (error) {
        emit({ id, error: String(error?.message ?? error) });
    }
}

createServer({ allowHalfOpen: true }, (socket) => {
    const emit = (message) => { if (socket.writable) socket.write(JSON.stringify(message) + "\n"); };
    const member = newMember(emit);
    socket.on("error", () => socket.destroy());
    createInterface({ input: socket })
        .on("line", (line) => run(member, emit, JSON.parse(line)))
        .on("close", () => {
            member.stop();
            socket.end();
        });
}).listen(process.argv[2]);

process.stdin.resume().on("end", () => process.exit(0));
