#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Core.Models.Validation;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;

namespace Altinn.App.Logic.Validators;

/// <summary>Consent must be given, and parents must be older than their children.</summary>
public class HouseholdValidator : IFormDataValidator
{
    public string DataType => nameof(Household);

    public bool HasRelevantChanges(object current, object previous)
    {
        Household now = (Household)current;
        Household before = (Household)previous;
        return now.Consent?.Participate != before.Consent?.Participate
            || now.Respondent?.BirthYear != before.Respondent?.BirthYear
            || !now.Members.Select(m => (m.Relation, m.BirthYear)).SequenceEqual(before.Members.Select(m => (m.Relation, m.BirthYear)));
    }

    public Task<List<ValidationIssue>> ValidateFormData(
        Instance instance,
        DataElement dataElement,
        object data,
        string? language
    )
    {
        Household form = (Household)data;
        List<ValidationIssue> issues = [];

        if (form.Consent?.Participate == "no")
        {
            issues.Add(Issue.Error("consent.participate", "validation.noConsent"));
        }

        if (int.TryParse(form.Respondent?.BirthYear, out int own))
        {
            for (int i = 0; i < form.Members.Count; i++)
            {
                MembersRow member = form.Members[i];
                bool known = int.TryParse(member.BirthYear, out int other);
                bool wrongOrder = member.Relation switch
                {
                    "parent" or "grandparent" => other >= own,
                    "child" => other <= own,
                    _ => false,
                };
                if (known && wrongOrder)
                {
                    issues.Add(Issue.Error($"members[{i}].birthYear", "validation.memberBirthYear"));
                }
            }
        }

        return Task.FromResult(issues);
    }
}
