<?php
// Lists the caller's tokens, creates one and deletes it.
declare(strict_types=1);

$tokens = getenv('PATS_URL') . '/api/admin/user/tokens';

function call(string $method, string $url, ?array $body = null): mixed
{
    $curl = curl_init($url);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_HTTPHEADER => ['Authorization: ' . getenv('PATS_TOKEN'), 'Content-Type: application/json'],
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 10,
    ]);
    if ($body !== null) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($body, JSON_THROW_ON_ERROR));
    }
    $response = curl_exec($curl);
    if ($response === false) {
        fwrite(STDERR, curl_error($curl) . "\n");
        exit(1);
    }
    $value = $response === '' ? null : json_decode($response, true, flags: JSON_THROW_ON_ERROR);
    if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) >= 400) {
        fwrite(STDERR, $value['message'] . "\n");
        exit(1);
    }
    return $value;
}

$list = call('GET', $tokens);
echo 'tokens: ', count($list['pats']), "\n";

$tomorrow = gmdate(DATE_RFC3339, time() + 24 * 60 * 60);
$created = call('POST', $tokens, ['description' => 'PHP example', 'expiresAt' => $tomorrow]);
echo 'created: ', $created['id'], "\n"; // the token itself is $created['secret'], here and never again

call('DELETE', "$tokens/{$created['id']}");
echo 'deleted: ', $created['id'], "\n";
