// Lists the caller's tokens, creates one and deletes it.
using System.Text.Json;
using RestSharp;

using var client = new RestClient(Environment.GetEnvironmentVariable("PATS_URL") + "/api/admin/user");
client.AddDefaultHeader("Authorization", Environment.GetEnvironmentVariable("PATS_TOKEN")!);

try
{
    var list = await Call(new RestRequest("tokens", Method.Get));
    Console.WriteLine($"tokens: {list!.RootElement.GetProperty("pats").GetArrayLength()}");

    var wanted = new { description = "C# example", expiresAt = DateTime.UtcNow.AddDays(1).ToString("o") };
    var created = await Call(new RestRequest("tokens", Method.Post).AddJsonBody(wanted));
    var id = created!.RootElement.GetProperty("id").GetInt64();
    Console.WriteLine($"created: {id}"); // the token itself is the member secret, here and never again

    await Call(new RestRequest($"tokens/{id}", Method.Delete));
    Console.WriteLine($"deleted: {id}");
    return 0;
}
catch (InvalidOperationException refused)
{
    Console.Error.WriteLine(refused.Message);
    return 1;
}

async Task<JsonDocument?> Call(RestRequest request)
{
    var response = await client.ExecuteAsync(request);
    if (response.StatusCode == 0)
    {
        throw new InvalidOperationException(response.ErrorMessage);
    }
    var body = string.IsNullOrEmpty(response.Content) ? null : JsonDocument.Parse(response.Content);
    if (!response.IsSuccessful)
    {
        throw new InvalidOperationException(body?.RootElement.GetProperty("message").GetString());
    }
    return body;
}
