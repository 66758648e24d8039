"""The example in JavaScript, by Node.js."""

from tests.examples import programs


class InNode(programs.ClientProgram):
    program = "node"
    file = "client.mjs"
