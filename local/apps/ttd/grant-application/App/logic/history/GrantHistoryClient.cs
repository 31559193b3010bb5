using System.Net;
using System.Net.Http.Json;

namespace Altinn.App.Logic.History;

/// <summary>One earlier grant to an organisation.</summary>
public sealed record EarlierGrant(string Reference, int Amount, bool ReportReceived);

public interface IGrantHistoryClient
{
    /// <summary>The organisation's earlier grants, newest first; empty when it has none.</summary>
    Task<IReadOnlyList<EarlierGrant>> Get(string organisationNumber, CancellationToken cancellationToken);
}

/// <summary>
/// Reads earlier grants with a token from Maskinporten. The scope must be given to the app in Altinn Studio
/// before the app is deployed: without it the token request fails with invalid_scope.
/// </summary>
public sealed class GrantHistoryClient(HttpClient http) : IGrantHistoryClient
{
    public const string Scope = "altinn:serviceowner/instances.read";

    public async Task<IReadOnlyList<EarlierGrant>> Get(string organisationNumber, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.GetAsync(
            $"instances?appId=ttd/grant-application&instanceOwnerIdentifier=organisation:{organisationNumber}&process.isComplete=true",
            cancellationToken
        );
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return [];
        }

        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<List<EarlierGrant>>(cancellationToken) ?? [];
    }
}
