using Altinn.App.Core.Models;
using Altinn.App.Logic.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Altinn.App.Tests;

public class BirthYearOptionsTests
{
    [Fact]
    public async Task Starts_with_this_year()
    {
        FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 15, 12, 0, 0, TimeSpan.Zero));
        AppOptions years = await new BirthYearOptions(time).GetAppOptionsAsync("nb", []);
        Assert.Equal("2026", years.Options![0].Value);
        Assert.Equal("1912", years.Options[^1].Value);
    }
}
