#!/usr/bin/env php
<?php
// Lists, enables and disables clients of a farm, as the first brender's example in PHP did: JSON over HTTP.
//
//     php php_client.php list [FILTER]
//     php php_client.php enable FILTER
//     php php_client.php disable FILTER
//
// A filter is what the shell takes too: all, online, render-*, pool=gpu; docs/api.md tells more. The server is the one of
// BRENDER_SERVER, as in https://mara:PASSWORD@farm.example.org/farm, or else the one on this machine. PHP's own streams
// do the asking, so that there is nothing to install.

declare(strict_types=1);

const USAGE = 'php php_client.php list [FILTER] | enable FILTER | disable FILTER';

/** Says why it was not done, and ends the program. */
function stop(int $code, string $why): never
{
    fwrite(STDERR, "$why\n");
    exit($code);
}

/** What the server answers; what it refuses ends the program with the server's own sentence. */
function ask(string $method, string $filter, ?array $body = null): array
{
    $server = rtrim(getenv('BRENDER_SERVER') ?: 'http://localhost:8080', '/');
    $request = ['method' => $method, 'timeout' => 60, 'header' => 'Content-Type: application/json'];
    $request['ignore_errors'] = true; // a refusal is an answer too
    if ($body !== null) {
        $request['content'] = json_encode($body, JSON_THROW_ON_ERROR);
    }
    $list = $method === 'GET' ? 'clients.json' : 'clients'; // with .json it is the whole list, not a page of it
    $address = "$server/api/v1/$list?filter=" . rawurlencode($filter);
    $stream = @fopen($address, 'r', false, stream_context_create(['http' => $request]));
    if ($stream === false) {
        stop(1, 'No server answers at ' . preg_replace('~//.*@~', '//', $server) . '.');
    }
    $answer = json_decode(stream_get_contents($stream), true);
    if (!isset($answer['data'])) {
        stop(1, $answer['detail'] ?? stream_get_meta_data($stream)['wrapper_data'][0]);
    }
    return $answer;
}

function show(array $clients): void
{
    foreach ($clients as $client) {
        $activity = $client['connection'] === 'online' ? $client['activity'] : '';
        $line = [$client['id'], $client['name'], $client['status'], $client['connection'], $activity];
        echo rtrim(vsprintf('%4d  %-24s %-9s %-8s %s', $line)), "\n";
    }
}

[, $verb, $filter] = $argv + [null, '', ''];

if ($verb === 'list' && $argc <= 3) {
    show(ask('GET', $filter)['data']);
} elseif (in_array($verb, ['enable', 'disable'], true) && $argc === 3) {
    $answer = ask('PATCH', $filter, ['status' => "{$verb}d"]);
    show($answer['data']);
    echo "{$answer['matched']} matched, {$answer['changed']} changed\n";
} else {
    stop(2, USAGE);
}
