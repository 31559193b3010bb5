using System.Text.Json.Nodes;
using Xunit;

namespace Altinn.App.Tests;

public class OptionFileTests
{
    public static TheoryData<string> Files => new(AppFiles.List("options", "*.json").Select(Path.GetFileName)!);

    [Theory]
    [MemberData(nameof(Files))]
    public void Values_are_unique(string file)
    {
        List<string> values = AppFiles.Read($"options/{file}").AsArray().Select(o => o!["value"]!.GetValue<string>()).ToList();
        Assert.NotEmpty(values);
        Assert.Equal(values.Count, values.Distinct().Count());
    }

    [Fact]
    public void Every_county_has_municipalities()
    {
        foreach (JsonNode? county in AppFiles.Read("options/counties.json").AsArray())
        {
            string code = county!["value"]!.GetValue<string>();
            JsonArray municipalities = AppFiles.Read($"options/municipalities-{code}.json").AsArray();
            Assert.All(municipalities, m => Assert.StartsWith(code, m!["value"]!.GetValue<string>()));
        }
    }
}
