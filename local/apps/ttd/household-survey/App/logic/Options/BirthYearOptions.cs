#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Core.Models;

namespace Altinn.App.Logic.Options;

/// <summary>Years of birth, the newest first.</summary>
public class BirthYearOptions(TimeProvider time) : IAppOptionsProvider
{
    private const int Oldest = 115;

    public string Id => "birth-years";

    public Task<AppOptions> GetAppOptionsAsync(string? language, Dictionary<string, string> keyValuePairs)
    {
        int thisYear = time.GetLocalNow().Year;
        List<AppOption> options = Enumerable
            .Range(0, Oldest)
            .Select(age => (thisYear - age).ToString(CultureInfo.InvariantCulture))
            .Select(year => new AppOption { Value = year, Label = year })
            .ToList();

        return Task.FromResult(new AppOptions { Options = options, IsCacheable = true });
    }
}
