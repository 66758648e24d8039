"""The example in PHP, by the real php."""

from tests.examples import programs


class InPHP(programs.ClientProgram):
    program = "php"
    file = "php_client.php"
