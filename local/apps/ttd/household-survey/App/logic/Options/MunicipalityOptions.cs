#nullable enable
using System.Collections.Generic;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Core.Internal.AppFiles;
using Altinn.App.Core.Models;
using Newtonsoft.Json;

namespace Altinn.App.Logic.Options;

/// <summary>The municipalities of the chosen county, from App/options/municipalities-{county}.json.</summary>
public class MunicipalityOptions(IAppResources resources) : IAppOptionsProvider
{
    public string Id => "municipalities";

    public Task<AppOptions> GetAppOptionsAsync(string? language, Dictionary<string, string> keyValuePairs)
    {
        List<AppOption>? options = null;
        if (keyValuePairs.TryGetValue("county", out string? county) && county.Length == 2)
        {
            string? json = resources.GetOptions($"municipalities-{county}");
            options = json is null ? null : JsonConvert.DeserializeObject<List<AppOption>>(json);
        }

        return Task.FromResult(new AppOptions { Options = options ?? [], IsCacheable = true });
    }
}
