using Altinn.App.Core.Models.Validation;
using Altinn.App.Logic.Validators;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Altinn.App.Tests;

public class HousingValidatorTests
{
    private readonly HousingValidator _validator = new(
        new FakeTimeProvider(new DateTimeOffset(2026, 11, 15, 12, 0, 0, TimeSpan.Zero))
    );

    [Theory]
    [InlineData(2026, 0)]
    [InlineData(2027, 1)]
    public async Task Moving_in_after_this_year_is_an_error(int year, int expected)
    {
        Housing form = new() { Tenure = new Tenure { MovedIn = year } };
        Assert.Equal(expected, (await Validate(form)).Count);
    }

    [Theory]
    [InlineData(60, 3, 0)]
    [InlineData(15, 4, 1)]
    [InlineData(15, 0, 0)]
    public async Task Small_rooms_give_a_warning(int area, int rooms, int expected)
    {
        Housing form = new() { Dwelling = new Dwelling { Area = area }, Rooms = new Rooms { Count = rooms } };
        List<ValidationIssue> issues = await Validate(form);
        Assert.Equal(expected, issues.Count);
        Assert.All(issues, issue => Assert.Equal(ValidationIssueSeverity.Warning, issue.Severity));
    }

    private Task<List<ValidationIssue>> Validate(Housing form) =>
        _validator.ValidateFormData(new Instance(), new DataElement(), form, "nb");
}
