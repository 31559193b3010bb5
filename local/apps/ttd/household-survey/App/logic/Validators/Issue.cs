#nullable enable
using Altinn.App.Core.Models.Validation;

namespace Altinn.App.Logic.Validators;

internal static class Issue
{
    public static ValidationIssue Error(string field, string textKey) => Create(field, textKey, ValidationIssueSeverity.Error);

    public static ValidationIssue Warning(string field, string textKey) => Create(field, textKey, ValidationIssueSeverity.Warning);

    private static ValidationIssue Create(string field, string textKey, ValidationIssueSeverity severity) =>
        new()
        {
            Field = field,
            CustomTextKey = textKey,
            Severity = severity,
        };
}
