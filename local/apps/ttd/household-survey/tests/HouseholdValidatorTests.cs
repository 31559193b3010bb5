using System.Text.Json;
using Altinn.App.Core.Models.Validation;
using Altinn.App.Logic.Validators;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;
using Xunit;

namespace Altinn.App.Tests;

public class HouseholdValidatorTests
{
    private readonly HouseholdValidator _validator = new();

    [Fact]
    public async Task Ordinary_household_has_no_issues() => Assert.Empty(await Validate("household-ordinary.json"));

    [Fact]
    public async Task Parent_born_after_child_is_an_error()
    {
        ValidationIssue issue = Assert.Single(await Validate("household-young-parent.json"));
        Assert.Equal("members[0].birthYear", issue.Field);
        Assert.Equal("validation.memberBirthYear", issue.CustomTextKey);
    }

    [Fact]
    public async Task Without_consent_the_respondent_cannot_go_on()
    {
        Household form = new() { Consent = new Consent { Participate = "no" } };
        List<ValidationIssue> issues = await _validator.ValidateFormData(new Instance(), new DataElement(), form, "nb");
        Assert.Equal("validation.noConsent", Assert.Single(issues).CustomTextKey);
    }

    private async Task<List<ValidationIssue>> Validate(string file)
    {
        string json = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "TestData", file));
        Household form = JsonSerializer.Deserialize<Household>(json)!;
        return await _validator.ValidateFormData(new Instance(), new DataElement(), form, "nb");
    }
}
