# Lists the caller's tokens, creates one and deletes it.
#Requires -Version 7
$ErrorActionPreference = 'Stop'

$tokens = "$env:PATS_URL/api/admin/user/tokens"

function Invoke-Pats([string] $Method, [string] $Uri, $Body) {
    $arguments = @{
        Method      = $Method
        Uri         = $Uri
        Headers     = @{ Authorization = $env:PATS_TOKEN }
        ContentType = 'application/json'
        # PowerShell's check requires a scheme before the token.
        SkipHeaderValidation = $true
    }
    if ($Body) { $arguments.Body = ConvertTo-Json $Body }
    try {
        Invoke-RestMethod @arguments
    }
    catch {
        $message = if ($_.ErrorDetails) { ($_.ErrorDetails.Message | ConvertFrom-Json).message } else { $_.Exception.Message }
        [Console]::Error.WriteLine($message)
        exit 1
    }
}

"tokens: $((Invoke-Pats GET $tokens).pats.Count)"

$tomorrow = [DateTime]::UtcNow.AddDays(1).ToString('o')
$created = Invoke-Pats POST $tokens @{ description = 'PowerShell example'; expiresAt = $tomorrow }
"created: $($created.id)" # the token itself is $created.secret, here and never again

Invoke-Pats DELETE "$tokens/$($created.id)" | Out-Null
"deleted: $($created.id)"
